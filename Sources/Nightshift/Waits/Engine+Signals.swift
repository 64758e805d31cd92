import Foundation

extension Engine {
  /// Sends a signal to a job. It is kept until the job waits for it.
  ///
  /// - Parameters:
  ///   - name: As ``JobContext/signal(_:as:timeout:)`` waits for it.
  ///   - payload: What goes with it.
  /// - Returns: `false` if there is no such job, or it is over: nothing was kept.
  /// - Throws: ``SignalRefused`` if the job has not taken what came before: at most 1,000 signals with 8 MiB are kept.
  @discardableResult
  public func signal(_ name: String, to job: JobID, _ payload: some Encodable & Sendable) async throws -> Bool {
    let bytes = [UInt8](try JSONEncoder().encode(payload))
    let state = try await signal(name, to: job, payload: bytes, by: .system)
    return state?.isTerminal == false
  }

  /// Sends a signal on behalf of somebody.
  ///
  /// - Returns: The state that the job had; `nil` if there is none. Nothing is kept for one that is over.
  package func signal(_ name: String, to job: JobID, payload: [UInt8], by actor: Actor) async throws -> JobState? {
    try StepName.check(name)
    let (id, now) = (makeID().rawValue, clock.now)
    let row = try await store.write { transaction in
      let row = try transaction.session.signal(name, to: job, payload, id: id, by: actor, at: now)
      if row?.state.isTerminal == false {
        try transaction.audit("signal", "\(job)", by: actor, at: now, detail: ["name": .string(name)])
      }
      return row
    }
    if let row, !row.state.isTerminal { await tell(name, sentTo: row, by: actor, at: now) }
    return row?.state
  }
}
