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
    default: (short, long) = ("on hold: \(reason)", reason)
    }
  }

  private static func details(_ job: JSONValue) -> String {
    guard let hold = job["hold"] else { return "" }
    return PauseText.details(
      since: hold.text("since"), by: hold.text("by"), until: hold.text("until"), reason: hold.text("detail"))
  }
}
