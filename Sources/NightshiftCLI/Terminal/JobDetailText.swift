import Foundation
import Nightshift

/// One job with everything that is known of it, for `jobs show`. Moments are exact here.
struct JobDetailText {
  let job: JSONValue
  let isColored: Bool
  /// The columns of the terminal; `nil` for a program.
  var width: Int?

  func lines() -> [String] {
    header() + moments() + ties() + content() + steps() + waits() + signals() + attempts() + logs() + artifacts()
  }

  private func header() -> [String] {
    let state = job.text("state")
    let painted = Style.of(state: state).paint(state, ifColored: isColored)
    let id = Style.bold.paint(job.text("id"), ifColored: isColored)
    var lines = ["\(id)  \(job.text("kind"))  \(painted)"]
    let attempts =
      "\(job.number("attempt")), failures \(job.number("failures")) of \(job.number("maxAttempts"))"
    lines += field("queue", "\(job.text("queue")) (\(job.text("priority")))") + field("attempt", attempts)
    if job.number("crashes") > 0 { lines += field("crashes", "\(job.number("crashes"))") }
    lines += field("timeout", job.text("timeout")) + field("tags", job.texts("tags").joined(separator: ", "))
    lines += field("organization", job.text("organization")) + field("owner", job.text("owner"))
    lines += field("limit key", job.text("limitKey"))
    lines += field("worker", job.text("worker"))
    if let hold = HoldText(job) { lines += field("waits", hold.long) }
    if let progress = job["progress"], let fraction = progress["fraction"]?.doubleValue {
      lines += field("progress", "\(Int(fraction * 100)) % \(progress.text("message"))")
    }
    return lines
  }

  private func moments() -> [String] {
    field("created", job.text("createdAt")) + field("due", job.text("runAt"))
      + field("started", job.text("startedAt")) + field("finished", job.text("finishedAt"))
      + field("cancel", [job.text("cancelRequestedAt"), job.text("cancelReason")].joined(separator: " "))
      + field("stuck since", job.text("stuckAt"))
      + field(
        "forked from", job["forkedFrom"].map { [$0.text("job"), $0.text("step")].joined(separator: " ") } ?? "")
  }

  /// The jobs that it waits for, those that wait for it, and the workflow that it is part of.
  private func ties() -> [String] {
    var lines: [String] = []
    if let workflow = job["workflow"] {
      lines += field("workflow", "\(workflow.text("id")) \(workflow.text("name")), as \(workflow.text("ref"))")
    }
    let dependencies = job.items("dependencies")
    lines += dependencies.flatMap { field("after", tie($0)) }
    let hidden = job.number("dependencyCount") - dependencies.count
    if hidden > 0 { lines += field(dependencies.isEmpty ? "after" : "", "\(hidden) that you may not see") }
    let dependants = job.items("dependants")
    lines += dependants.prefix(20).flatMap { field("before", tie($0)) }
    let count = job.number("dependantCount")
    if count > min(20, dependants.count) {
      lines += field(dependants.isEmpty ? "before" : "", "and \(count - min(20, dependants.count)) more")
    }
    return lines
  }

  private func tie(_ other: JSONValue) -> String {
    [other.text("id"), other.text("ref"), other.text("state")].filter { !$0.isEmpty }.joined(separator: " ")
  }

  private func content() -> [String] {
    var lines: [String] = []
    if let payload = job["payload"] { lines += fields.json("payload", payload) }
    if let result = job["result"] { lines += fields.json("result", result) }
    if let error = job["error"] {
      let text = FailureText.of(error)
      // What a job has got over is no longer its state.
      let isOver = job.text("state") == "completed"
      lines += fields.text(isOver ? "last error" : "error", text, isOver ? .dim : .red)
      lines += error.text("detail").split(separator: "\n").suffix(20).map {
        "    " + TextWidth.singleLine(String($0))
      }
    }
    for former in job.items("formerPayloads") {
      lines += field("was", "\(former["payload"]?.description ?? "") (until \(former.text("replacedAt")))")
    }
    return lines
  }

  private func steps() -> [String] {
    section(
      "steps",
      job.items("steps").flatMap { step in
        let result = step["result"].map { " → \($0.description)" } ?? ""
        let error = step.text("error").isEmpty ? "" : ": \(step.text("error"))"
        return wrapped(
          "\(step.text("name"))  \(step.text("state")) in attempt \(step.number("attempt"))\(result)\(error)")
      })
  }

  private func waits() -> [String] {
    section(
      "waits",
      job.items("waits").flatMap { wait in
        let what = wait.text("checkpoint").isEmpty ? wait.text("child") : wait.text("checkpoint")
        let until = wait.text("until").isEmpty ? "" : " until \(wait.text("until"))"
        let ended = wait.text("endedAt").isEmpty ? until : " at \(wait.text("endedAt"))"
        let parts = ["\(wait.text("name"))", wait.text("type"), "\(wait.text("state"))\(ended)", what]
        return wrapped(parts.filter { !$0.isEmpty }.joined(separator: "  "))
      })
  }

  /// Those that nobody has waited for: perhaps a name was mistyped.
  private func signals() -> [String] {
    let signals = job.items("signals")
    var lines = signals.flatMap { signal in
      let payload = signal["payload"]?.description ?? "\(signal.number("size")) bytes"
      return wrapped("\(signal.text("name"))  sent \(signal.text("at")) by \(signal.text("by"))  \(payload)")
    }
    let rest = job.number("signalCount") - signals.count
    if rest > 0 { lines.append("and \(rest) more") }
    return section("signals that it has not waited for", lines)
  }

  private func attempts() -> [String] {
    let attempts = job.items("attempts")
    guard !attempts.isEmpty else { return [] }
    var table = Table([.number("#"), .text("OUTCOME"), .text("ENDED"), .flexible("WHY")])
    for attempt in attempts {
      let error = attempt["error"].map(FailureText.of) ?? ""
      table.add([
        .init("\(attempt.number("attempt"))"), .init(attempt.text("outcome")), .init(attempt.text("endedAt")),
        .init(error),
      ])
    }
    return section("attempts", table.lines(width: nil, isColored: isColored))
  }

  private func logs() -> [String] {
    let lines = job.items("logs").map { line in
      let level = line.text("level")
      let label = level == "info" ? "" : "\(level): "
      return "\(Style.dim.paint(line.text("at"), ifColored: isColored))  "
        + TextWidth.singleLine(label + line.text("message"))
    }
    let count = job.number("logCount")
    guard count > lines.count else { return section("log", lines) }
    let remedy = "all of them: nightshift jobs show \(job.text("id")) --logs all"
    return section("log: the last \(lines.count) of \(count) lines; \(remedy)", lines)
  }

  private func artifacts() -> [String] {
    section(
      "artifacts",
      job.items("artifacts").map {
        "\($0.text("name"))  \($0.text("type"))  \($0.number("size")) bytes  \($0.text("url"))"
      })
  }

  private func section(_ title: String, _ lines: [String]) -> [String] {
    lines.isEmpty ? [] : ["", Style.dim.paint(title, ifColored: isColored)] + lines.map { "  " + $0 }
  }

  /// A line in as many as the terminal makes of it, the others a little further in.
  private func wrapped(_ text: String) -> [String] {
    let text = TextWidth.singleLine(text)
    guard let room = width.map({ max(12, $0 - 2) }), TextWidth.of(text) > room else { return [text] }
    let lines = TextWidth.wrap(text, to: room - 2).map { $0.trimmingCharacters(in: .whitespaces) }
    return lines.enumerated().map { $0.offset == 0 ? $0.element : "  \($0.element)" }
  }

  private var fields: FieldLines { FieldLines(nameWidth: 14, width: width, isColored: isColored) }

  private func field(_ name: String, _ value: String) -> [String] { fields.text(name, value) }
}
