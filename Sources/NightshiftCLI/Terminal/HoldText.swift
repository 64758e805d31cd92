import Nightshift

/// Why a job that is ready is not run, for people.
struct HoldText {
  /// For a table.
  var short: String
  /// With the way out.
  var long: String

  /// `nil` for a job that nothing keeps.
  init?(_ job: JSONValue) {
    guard let reason = job["hold"]?["reason"]?.stringValue else { return nil }
    let (kind, queue) = (job.text("kind"), job.text("queue"))
    switch reason {
    case "queuePaused":
      short = "queue paused"
      long = "queue \(queue) is paused\(Self.details(job)) (nightshift queues resume \(queue))"
    case "everythingPaused":
      short = "everything paused"
      long = "everything is paused\(Self.details(job)) (nightshift resume)"
    case "noWorker":
      short = "no worker has the kind"
      long = "no live worker has the kind \(kind) (nightshift kinds lists who has which)"
    case "foreground":
      short = "kept for nightshift run"
      long = "kept for the `nightshift run` that has enqueued it"
    case "dependencyDied":
      let id = job.text("id")
      short = "a dependency died"
      long = "a job that it depends on died: run that one again, or let this one go on (nightshift jobs release \(id))"
    case "limit": (short, long) = Self.limit(job["hold"])
    case "kindPaused":
      short = "kind paused"
      long = "kind \(kind) is paused\(Self.details(job)) (nightshift kinds resume \(kind))"
    case "breakerOpen":
      let name = job["hold"]?["breaker"]?.stringValue.map { " \($0)" } ?? ""
      short = "breaker open"
      long = "circuit breaker\(name) is open\(Self.details(job)) (nightshift breakers reset\(name))"
    default: (short, long) = ("on hold: \(reason)", reason)
    }
  }

  /// The name and the key are told of one job, and not in lists.
  private static func limit(_ hold: JSONValue?) -> (String, String) {
    let short = "over a limit"
    guard let hold, let name = hold["limit"]?.stringValue else { return (short, "held by a limit (nightshift limits)") }
    let key = hold["key"]?.stringValue.map { $0.isEmpty ? " for jobs without a key" : " for \($0)" } ?? ""
    let until = hold.text("until").isEmpty ? "" : ", which lets the next one begin at \(hold.text("until"))"
    return (short, "held by limit \(name)\(key)\(until) (nightshift limits show \(name))")
  }

  private static func details(_ job: JSONValue) -> String {
    guard let hold = job["hold"] else { return "" }
    return PauseText.details(
      since: hold.text("since"), by: hold.text("by"), until: hold.text("until"), reason: hold.text("detail"))
  }
}
