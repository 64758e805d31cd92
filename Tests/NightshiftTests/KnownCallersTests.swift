import NightshiftTesting
import TestSupport
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `A caller that is known` {
  private let password = "correct horse battery"

  private func withEngine(
    _ body: (TestEngine, SharedDatabase, InterruptedStore.Interruptions) async throws -> Void
  ) async throws {
    let database = try SharedDatabase()
    let interruptions = InterruptedStore.Interruptions()
    var configuration = EngineConfiguration()
    configuration.passwordCost = 4
    let test = try await TestEngine(
      configuration: configuration, storage: InterruptedStore.storage(database.storage, interruptions))
    try await body(test, database, interruptions)
    #expect(interruptions.areOver)
    await test.engine.close()
  }

  @Test func `is not known for good by a look that a revocation has overtaken`() async throws {
    try await withEngine { test, _, interruptions in
      let engine = test.engine
      let secret = try await engine.createToken(name: "ci", role: .admin, expiresAt: nil, by: .system).secret
      _ = try await engine.createToken(name: "other", role: .admin, expiresAt: nil, by: .system)
      interruptions.afterNextRead { _ = try await engine.revokeToken("ci", by: .system) }
      // Whoever asked before the revocation was answered may still be let in.
      _ = try await engine.authenticate(secret)
      #expect(try await engine.authenticate(secret) == nil)
    }
  }

  @Test func `is not known for good by a look that another process's revocation has overtaken`() async throws {
    try await withEngine { test, database, interruptions in
      let engine = test.engine
      let secret = try await engine.createToken(name: "ci", role: .viewer, expiresAt: nil, by: .system).secret
      _ = try await engine.createToken(name: "other", role: .admin, expiresAt: nil, by: .system)
      let elsewhere = try await database.engine()
      interruptions.afterNextRead {
        #expect(try await elsewhere.revokeToken("ci", by: .system))
        // What word of the other's commit leads to.
        try await engine.refresh()
      }
      _ = try await engine.authenticate(secret)
      #expect(try await engine.authenticate(secret) == nil)
      await elsewhere.close()
    }
  }

  @Test func `is not known for good by a look that the end of its sessions has overtaken`() async throws {
    try await withEngine { test, _, interruptions in
      let engine = test.engine
      _ = try await engine.addUser("anna", role: .operator, password: password, by: .system)
      let secret = try await engine.signIn("anna", password: password, address: nil, agent: nil)
      interruptions.afterNextRead { _ = try await engine.endSessions(of: "anna", by: .system) }
      _ = try await engine.session(secret)
      #expect(try await engine.session(secret) == nil)
    }
  }

  @Test func `is looked up again within seconds, though nobody has said that it is gone`() async throws {
    try await withEngine { test, _, _ in
      let engine = test.engine
      let token = try await engine.createToken(name: "ci", role: .admin, expiresAt: nil, by: .system).secret
      _ = try await engine.addUser("anna", role: .operator, password: password, by: .system)
      let session = try await engine.signIn("anna", password: password, address: nil, agent: nil)
      #expect(try await engine.authenticate(token) != nil)
      #expect(try await engine.session(session) != nil)
      try await engine.store.write { transaction in
        try transaction.execute("UPDATE nightshift_tokens SET revoked_at = 1")
        try transaction.execute("DELETE FROM nightshift_sessions")
      }
      test.clock.advance(by: KnownCallers.life)
      #expect(try await engine.authenticate(token) == nil)
      #expect(try await engine.session(session) == nil)
    }
  }
}
