import Foundation
import Nightshift

/// How a job that was waited for has ended: the result on standard output, the rest on standard error.
enum Outcome {
  static func report(_ job: JSONValue, _ output: Output) -> Int32 {
    let state = JobState(rawValue: job.text("state"))
    if output.isJSON {
      output.json(job)
    } else {
      if let result = job["result"] { output.line(result.description) }
      note(job, state, output)
    }
    return state.map(ExitStatus.of) ?? ExitStatus.failure
  }

  private static func note(_ job: JSONValue, _ state: JobState?, _ output: Output) {
    let id = job.text("id")
    let paint = { (text: String, style: Style) in style.paint(text, ifColored: output.terminal.colorsErrors) }
    switch state {
    case .completed:
      output.note("\(paint("completed", .green)) \(id)\(took(job))")
    case .dead:
      let error = job["error"].map { ": \(FailureText.of($0))" } ?? ""
      let attempts = Count.text(job.number("attempt"), "attempt")
      output.note("\(paint("dead", .red)) \(id) after \(attempts)\(TextWidth.singleLine(error))")
      output.note("Run it again with: nightshift jobs retry \(id)")
    case .cancelled:
      let reason = job["cancelReason"]?.stringValue.map { ": \($0)" } ?? ""
      output.note("\(paint("cancelled", .yellow)) \(id)\(reason)")
    default:
      output.note("\(job.text("state")) \(id): not over yet. Look again with: nightshift jobs show \(id)")
    }
  }

  private static func took(_ job: JSONValue) -> String {
    guard let start = job.moment("startedAt"), let end = job.moment("finishedAt") else { return "" }
    let time = RelativeTime.duration(max(0, end.timeIntervalSince(start)))
    // Both moments are the last attempt's: what went before, and the waits between, are not in it.
    let attempt = job.number("attempt")
    return attempt > 1 ? " at attempt \(attempt), which took \(time)" : " in \(time)"
  }
}
