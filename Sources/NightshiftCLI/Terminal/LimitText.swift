import Foundation
import Nightshift

/// A limit as people read it.
struct LimitText {
  let limit: JSONValue

  /// How much it lets through: `2 at a time, 100/1m`.
  var allows: String {
    var parts: [String] = []
    if let concurrency = limit["concurrency"]?.intValue { parts.append("\(concurrency) at a time") }
    if let rate = limit["rate"]?.stringValue { parts.append(rate) }
    return parts.isEmpty ? "all, in turns" : parts.joined(separator: ", ")
  }

  /// What it counts apart; empty if it counts all together.
  var key: String {
    switch limit.text("by") {
    case "key": "limit key"
    case let by: by
    }
  }

  /// Which jobs it is about: `queue mail, kinds a and b`.
  var covers: String {
    let parts = [Self.names("queue", limit.texts("queues")), Self.names("kind", limit.texts("kinds"))]
      .filter { !$0.isEmpty }
    return parts.isEmpty ? "all jobs" : parts.joined(separator: ", ")
  }

  /// They are counted up to a bound, which stands for as many or more.
  static func held(_ count: Int) -> String { count < LimitStatus.mostCounted ? "\(count)" : "\(count)+" }

  /// What holds now, in one line.
  var line: String {
    let each = key.isEmpty ? "" : " for each \(key)"
    return "Limit \(limit.text("name")): \(allows)\(each) (\(covers)). "
      + "\(limit.number("running")) run, \(Self.held(limit.number("held"))) held."
  }

  /// That there are more keys than are listed; `nil` if there are not.
  var keysNotShown: String? {
    let (used, shown) = (limit.number("usedKeys"), limit.items("keys").count)
    guard used > shown else { return nil }
    let atLeast = used < LimitUse.mostCounted ? "" : "at least "
    return "And \(atLeast)\(Count.text(used - shown, "more key")) with jobs that run or are held."
  }

  /// All that is known of it.
  func lines(width: Int?, isColored: Bool) -> [String] {
    let fields = FieldLines(nameWidth: 10, width: width, isColored: isColored)
    func field(_ name: String, _ value: String) -> [String] { fields.text(name, value) }
    let running = limit.number("running")
    let busy = limit["busyKeys"]?.intValue.map { " of \(Count.text($0, "key"))" } ?? ""
    return [Style.bold.paint(limit.text("name"), ifColored: isColored)]
      + field("lets run", allows) + field("for each", key) + field("covers", covers)
      + field("running", running == 0 ? "0" : "\(running)\(busy)") + field("held", Self.held(limit.number("held")))
      + field("set", "\(limit.text("updatedAt")) by \(limit.text("updatedBy"))")
  }

  private static func names(_ noun: String, _ names: [String]) -> String {
    switch names.count {
    case 0: ""
    case 1: "\(noun) \(names[0])"
    default: "\(noun)s \(names.dropLast().joined(separator: ", ")) and \(names[names.count - 1])"
    }
  }
}
