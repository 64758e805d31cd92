import Foundation
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `An end that can never be written` {
  /// The database refuses the result of one job, as it would something that it cannot hold.
  private func refuseResult(of job: JobID, _ engine: Engine) async throws {
    let (sqlite, postgres) = (
      """
      CREATE TRIGGER nightshift_refusal BEFORE INSERT ON nightshift_results WHEN new.id = \(job.rawValue)
      BEGIN SELECT RAISE(ABORT, 'refused'); END
      """, "ALTER TABLE nightshift_results ADD CONSTRAINT refusal CHECK (id <> \(job.rawValue))"
    )
    _ = try await engine.store.write { try $0.execute(TestedDatabase.isPostgres ? postgres : sqlite) }
  }

  @Test func `ends its job with the reason, and holds up no other`() async throws {
    let database = try SharedDatabase()
    let engine = try await database.engine()
    try await engine.register("k", payload: Int.self) { number, _ in number }
    let ids = try await engine.submit((1...5).map { JobDraft(kind: "k", payload: Array("\($0)".utf8)) }, actor: .system)
      .map(\.id)
    try await refuseResult(of: ids[2], engine)
    let events = try await engine.listen(EventFilter())
    try await engine.whileRunning {
      var open = Set(ids)
      for try await case .event(_, let event) in events {
        if case .state(let state, _) = event.body, state.isTerminal { open.remove(event.job) }
        if open.isEmpty { break }
      }
    }
    for (index, id) in ids.enumerated() {
      let job = try #require(try await engine.job(id))
      #expect(job.summary.state == (index == 2 ? .dead : .completed))
      #expect(job.result == (index == 2 ? nil : Array("\(index + 1)".utf8)))
    }
    let failure = try #require(try await engine.job(ids[2])?.error)
    #expect(failure.type == "StoreError" && failure.message.hasPrefix("how the attempt ended could not be recorded"))
    await engine.close()
  }
}
