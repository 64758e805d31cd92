extension JobContext {
  /// The attempt that runs on this task, so that lines which a handler's libraries log can name it.
  @TaskLocal package static var current: JobContext?

  /// The `traceparent` of what is being done at the moment: of the step or the attempt where it is traced, else of
  /// whoever enqueued the job. What the attempt starts elsewhere is given this one.
  package var activeTraceparent: String? { engine.configuration.observer?.traceparent ?? traceparent }

  /// Runs a step or a call, and notes how long it took.
  package func measured<Value: Sendable>(
    _ part: ProfilePart, _ name: String, _ body: @Sendable () async throws -> Value
  ) async throws -> Value {
    let began = engine.clock.monotonic
    do {
      let value =
        if let observer = engine.configuration.observer {
          try await observer.part(part, name, of: self, body)
        } else {
          try await body()
        }
      note(part, name, since: began, failed: false)
      return value
    } catch {
      note(part, name, since: began, failed: countsAsFailure(error))
      throw error
    }
  }

  private func note(_ part: ProfilePart, _ name: String, since began: Int64, failed: Bool) {
    let time = (engine.clock.monotonic - began) / 1000
    engine.profile.record(part, name, of: kind, at: engine.clock.now, took: time, failed: failed)
  }

  /// Whether an error says that something went wrong, and not that the attempt waits, is put off or was stopped.
  package func countsAsFailure(_ error: any Error) -> Bool {
    switch cancellationReason {
    case .timeout: return true
    case .cancelled, .shutdown, .leaseLost: return false
    case nil: break
    }
    guard parkedWaits.isEmpty else { return false }
    switch error {
    case is Snooze, is Parked, is Rejection, is BreakerOpen: return false
    default: return true
    }
  }
}
