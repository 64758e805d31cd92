import Foundation
import Nightshift

/// A circuit breaker as people read it.
struct BreakerText {
  let breaker: JSONValue

  /// How it stands: `open until …`.
  var phase: String {
    switch breaker.text("phase") {
    case "open": "open until \(breaker.text("probesAt"))"
    case "probing": "probing since \(breaker.text("probesAt"))"
    case let phase: phase
    }
  }

  /// When it opens.
  var rule: String {
    let share = Int(((breaker["failureShare"]?.doubleValue ?? 0) * 100).rounded())
    return
      "\(share) % of at least \(Count.text(breaker.number("minimumCalls"), "call")) within \(breaker.text("window"))"
  }

  var watches: String {
    let kinds = breaker.texts("kinds")
    let calls = "calls of \(breaker.text("name"))"
    return kinds.isEmpty ? calls : "\(kinds.joined(separator: ", ")), and \(calls)"
  }

  /// What holds now, in one line.
  var line: String { "Circuit breaker \(breaker.text("name")) is \(phase); it opens at \(rule)." }

  /// All that is known of it.
  func lines(width: Int?, isColored: Bool) -> [String] {
    let fields = FieldLines(nameWidth: 10, width: width, isColored: isColored)
    func field(_ name: String, _ value: String) -> [String] { fields.text(name, value) }
    let failed = breaker.number("failed")
    return [Style.bold.paint(breaker.text("name"), ifColored: isColored)]
      + field("is", phase) + field("because", breaker.text("reason")) + field("watches", watches)
      + field("opens at", rule)
      + field(
        "opens for",
        "\(breaker.text("openFor")), longer each time, then \(Count.text(breaker.number("probes"), "probe"))")
      + field("calls", "\(breaker.number("succeeded") + failed), of which \(failed) failed")
      + field("held", LimitText.held(breaker.number("held")))
  }
}
