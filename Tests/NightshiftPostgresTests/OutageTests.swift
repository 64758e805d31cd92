import Foundation
import Nightshift
import TestSupport
import Testing

@testable import NightshiftPostgres

@Suite struct `A database that cannot be reached` {
  private let error = StoreError(.unavailable, "PostgreSQL cannot be reached.")

  @Test func `is waited for a while, and then nobody waits any more`() {
    let outage = Outage(patience: .seconds(5))
    let noon = ContinuousClock.now
    #expect(outage.verdict(at: noon) == nil && outage.mayTry(at: noon))
    outage.noteFailure(error, at: noon)
    #expect(outage.verdict(at: noon + .seconds(4)) == nil)
    #expect(outage.mayTry(at: noon + .seconds(4)) && outage.mayTry(at: noon + .seconds(4)), "everybody tries")
    outage.noteFailure(error, at: noon + .seconds(4))
    let later = noon + .seconds(5)
    #expect(outage.verdict(at: later)?.code == .unavailable, "since the first failure")
    #expect(outage.mayTry(at: later))
    #expect(!outage.mayTry(at: later), "one is trying")
    outage.noteFailure(error, at: later)
    #expect(outage.mayTry(at: later))
    outage.noteSuccess()
    #expect(outage.verdict(at: later) == nil && outage.mayTry(at: later))
  }

  @Test(.enabled(if: TestPostgres.url != nil), .timeLimit(.minutes(5)))
  func `answers at once when it is known to be away, and works again when it is back`() async throws {
    let database = try TestPostgres.Database()
    defer { database.drop() }
    let store = try PostgresStore(url: database.url, migrations: Migration.core)
    let server = try #require(TestPostgres.url)
    func allowConnections(_ isAllowed: Bool) throws {
      try PostgresServer.run(
        [
          "ALTER DATABASE \(database.name) WITH ALLOW_CONNECTIONS \(isAllowed)",
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database.name)'",
        ], at: server)
    }
    try allowConnections(false)
    // Each would wait five seconds, and all of them beyond the test's time limit.
    for _ in 0..<60 { await #expect(throws: StoreError.self) { try await store.read { _ in } } }
    await #expect(throws: StoreError.self) { try await store.write { _ in } }
    try allowConnections(true)
    while (try? await store.read { _ in }) == nil { try await Task.sleep(for: .milliseconds(20)) }
    try await store.write { _ in }
    await store.close()
  }
}
