import Foundation
import Nightshift

/// Jobs in rows.
enum JobTable {
  static func make(_ jobs: [JSONValue], now: Date) -> Table {
    var table = Table([
      .text("ID"), .flexible("KIND"), .text("QUEUE").optional, .text("STATE"), .number("ATTEMPT").optional,
      .text("WHEN").optional, .flexible("NOTE"),
    ])
    for job in jobs {
      let state = job.text("state")
      table.add([
        .init(job.text("id")), .init(job.text("kind")), .init(job.text("queue"), .dim),
        .init(state, .of(state: state)), .init("\(job.number("attempt"))"), .init(when(job, now), .dim),
        .init(note(job)),
      ])
    }
    return table
  }

  /// The moment that matters in the job's state.
  private static func when(_ job: JSONValue, _ now: Date) -> String {
    switch JobState(rawValue: job.text("state")) {
    case .completed, .dead, .cancelled: job.relative("finishedAt", now: now)
    case .running: job.relative("startedAt", now: now)
    default: job.relative("runAt", now: now)
    }
  }

  private static func note(_ job: JSONValue) -> String {
    if job["stuckAt"] != nil { return "stuck: cancelled, but its handler has not returned" }
    if job["cancelRequestedAt"] != nil, job.text("state") == "running" { return "cancelling" }
    if let hold = HoldText(job) { return hold.short }
    let failures = job.number("failures")
    let failed = failures > 0 ? "failed \(failures) of \(job.number("maxAttempts"))" : nil
    let tags = job.texts("tags").map { "#\($0)" }
    return ([failed].compactMap { $0 } + tags).joined(separator: " ")
  }
}
