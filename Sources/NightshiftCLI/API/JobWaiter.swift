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
    if let timeout {
      try await within(timeout) { try await follow(id) }
    } else {
      try await follow(id)
    }
    return Outcome.report(try await api.get("/api/jobs/\(id)"), output)
  }

  /// Whatever is not done by then is cancelled; the job itself goes on.
  private func within(_ timeout: Duration, _ body: @escaping @Sendable () async throws -> Void) async throws {
    let clock = SystemClock()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await body() }
      group.addTask { try await clock.sleep(for: timeout) }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// Follows the job's events to its end, and takes up a stream that breaks off where it did.
  private func follow(_ id: JobID) async throws {
    var view = LiveView(terminal: output.terminal)
    defer { view.end() }
    var lastEventID: String?
    var failures = 0
    while true {
      var isOver = false
      do {
        try await api.events("/api/jobs/\(id)/events", lastEventID: lastEventID) { event in
          failures = 0
          lastEventID = event.id ?? lastEventID
          isOver = try show(event, &view)
          return isOver ? .stop : .goOn
        }
        if isOver { return }
        // The stream has ended without saying so: the server stops, or the job was over before.
        let job = try await api.get("/api/jobs/\(id)")
        if JobState(rawValue: job.text("state"))?.isTerminal == true { return }
      } catch let failure as CommandFailure where failure.isFinal || failures >= Self.patience {
        throw failure
      } catch is CancellationError {
        throw CancellationError()
      } catch  where failures >= Self.patience {
        throw CommandFailure(
          "The job's events cannot be followed any longer: \(error). The job itself goes on.")
      } catch {
        failures += 1
      }
      try await SystemClock().sleep(for: .seconds(1))
    }
  }

  /// Returns whether the job is over.
  private func show(_ event: ServerSentEvent, _ view: inout LiveView) throws -> Bool {
    let data = try JSONValue(parsing: Array(event.data.utf8))
    switch event.event {
    case "end": return true
    case "snapshot" where showsLive:
      for line in data.items("logs") { view.log(line.text("level"), line.text("message")) }
      if let progress = data["progress"] { show(progress: progress, &view) }
    case "progress" where showsLive: show(progress: data, &view)
    case "log" where showsLive: view.log(data.text("level"), data.text("message"))
    case "event" where showsLive: view.note("\(data.text("name")) \(data["data"] ?? .null)")
    case "state" where showsLive: view.state(data.text("state"), attempt: data.number("attempt"))
    default: break
    }
    return false
  }

  private func show(progress: JSONValue, _ view: inout LiveView) {
    guard let fraction = progress["fraction"]?.doubleValue else { return }
    view.progress(fraction, progress["message"]?.stringValue)
  }
}
