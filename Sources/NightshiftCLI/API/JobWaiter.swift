import Nightshift

/// Waits for the end of a job, and shows it meanwhile if that is wanted.
struct JobWaiter {
  let api: any APIClient
  let output: Output
  /// Whether progress and log are shown as they come.
  let showsLive: Bool

  /// A server that restarts is back within this many seconds, or will not be.
  private static let patience = 30

  /// Reports the outcome and returns the exit status for it.
  func wait(for id: JobID, timeout: Duration?) async throws -> Int32 {
    let end: JSONValue?
    if let timeout {
      end = try await within(timeout) { try await follow(id) }
    } else {
      end = try await follow(id)
    }
    do {
      return Outcome.report(try await api.get("/api/jobs/\(id)"), output)
    } catch let failure as CommandFailure where !failure.isFinal {
      // A server that is stopping tells the end of its last jobs, and is gone when more is asked.
      guard let end else { throw Self.unfinished(id, "\(failure)") }
      return Outcome.report(end, output)
    }
  }

  private static func unfinished(_ id: JobID, _ reason: String) -> CommandFailure {
    .unfinished("Job \(id)", reason, look: "nightshift jobs show \(id)")
  }

  /// Whatever is not done by then is cancelled; the job itself goes on.
  private func within(
    _ timeout: Duration, _ body: @escaping @Sendable () async throws -> JSONValue?
  ) async throws -> JSONValue? {
    let clock = SystemClock()
    return try await withThrowingTaskGroup(of: JSONValue?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await clock.sleep(for: timeout)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  /// Follows the job's events to its end, and takes up a stream that breaks off where it did.
  ///
  /// - Returns: What the end was, if the stream told it.
  private func follow(_ id: JobID) async throws -> JSONValue? {
    var view = LiveView(terminal: output.terminal)
    defer { view.end() }
    var lastEventID: String?
    var failures = 0
    while true {
      do {
        var end: JSONValue?
        try await api.events("/api/jobs/\(id)/events", lastEventID: lastEventID) { event in
          failures = 0
          lastEventID = event.id ?? lastEventID
          let data = try JSONValue(parsing: Array(event.data.utf8))
          if event.event == "end" { end = data } else { show(event.event, data, &view) }
          return end == nil ? .goOn : .stop
        }
        if let end { return end }
        // The stream has ended without saying so: the server stops, or the job was over before.
        let job = try await api.get("/api/jobs/\(id)")
        if JobState(rawValue: job.text("state"))?.isTerminal == true { return nil }
      } catch let failure as CommandFailure where failure.isFinal {
        throw failure
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        guard failures < Self.patience else {
          let reason =
            error is CommandFailure ? "\(error)" : "The job's events cannot be followed any longer: \(error)."
          throw Self.unfinished(id, reason)
        }
        failures += 1
      }
      try await SystemClock().sleep(for: .seconds(1))
    }
  }

  private func show(_ event: String, _ data: JSONValue, _ view: inout LiveView) {
    guard showsLive else { return }
    switch event {
    case "snapshot":
      for line in data.items("logs") { view.log(line.text("level"), line.text("message")) }
      if let progress = data["progress"] { show(progress: progress, &view) }
    case "progress": show(progress: data, &view)
    case "log": view.log(data.text("level"), data.text("message"))
    case "event": view.note("\(data.text("name")) \(data["data"] ?? .null)")
    case "signal": view.note("signal \(data.text("name")) from \(data.text("by"))")
    case "checkpoint":
      let verdict = data.text("verdict").isEmpty ? data.text("state") : data.text("verdict")
      view.note("\(verdict) by \(data.text("by")): \(data.text("title")) (\(data.text("checkpoint")))")
    case "state": view.state(data.text("state"), attempt: data.number("attempt"))
    default: break
    }
  }

  private func show(progress: JSONValue, _ view: inout LiveView) {
    guard let fraction = progress["fraction"]?.doubleValue else { return }
    view.progress(fraction, progress["message"]?.stringValue)
  }
}
