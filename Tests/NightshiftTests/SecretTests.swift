import NightshiftTesting
import Synchronization
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `Secrets` {
  private static let (key, _) = MasterKey.random()
  private static let other = MasterKey.random().key
  private let value = "sk_live_51H8x\"quoted\""

  private func make(_ keys: [MasterKey] = [key]) async throws -> TestEngine {
    var configuration = EngineConfiguration()
    configuration.masterKeys = keys
    return try await TestEngine.fresh(configuration: configuration)
  }

  private func reason(_ body: () async throws -> Void) async -> SecretError.Reason? {
    do {
      try await body()
      return nil
    } catch let error as SecretError {
      return error.reason
    } catch {
      Issue.record(error)
      return nil
    }
  }

  @Test func `need a key of 32 bytes, and never repeat what was given instead`() throws {
    for text in ["", "short", "AAAA", String(repeating: "A", count: 44)] {
      do throws(SecretError) {
        _ = try MasterKey(base64: text)
        Issue.record("\(text) is no key")
      } catch {
        #expect(text.isEmpty || !error.description.contains(text))
      }
    }
    let (key, text) = MasterKey.random()
    #expect(try MasterKey.list("\(text),\(text)\n").map(\.id) == [key.id, key.id])
  }

  @Test func `cannot be set or had without the key, and say so`() async throws {
    let test = try await make([])
    let engine = test.engine
    #expect(await reason { _ = try await engine.setSecret("a", to: "b", by: .system) } == .noKey)
    engine.provide(masterKeys: [Self.key])
    _ = try await engine.setSecret("stripe", to: value, by: .system)
    engine.provide(masterKeys: [Self.other])
    #expect(await reason { _ = try await engine.secret("stripe") } == .wrongKey)
    // It would lock out all servers that have the key in use.
    #expect(await reason { _ = try await engine.setSecret("b", to: "c", by: .system) } == .wrongKey)
    #expect(await reason { _ = try await engine.rotateSecrets(by: .system) } == .wrongKey)
    #expect(await engine.findings().contains { $0.name == "secrets" && !$0.isFine && $0.found.contains(Self.key.id) })
    #expect(await reason { _ = try await engine.secret("strip") } == .missing)
  }

  @Test func `have names and values within bounds`() async throws {
    let test = try await make()
    let engine = test.engine
    for name in ["", "A", "1a", "a b", "ä", String(repeating: "a", count: 65), "a/b"] {
      #expect(await reason { _ = try await engine.setSecret(name, to: "v", by: .system) } == .invalid(field: "name"))
    }
    for value in ["", "a\0b", String(repeating: "a", count: 65_537)] {
      #expect(await reason { _ = try await engine.setSecret("a", to: value, by: .system) } == .invalid(field: "value"))
    }
  }

  @Test func `are encrypted anew each time, and bound to their name and version`() async throws {
    let test = try await make()
    let engine = test.engine
    for name in ["one", "two"] { _ = try await engine.setSecret(name, to: value, by: .system) }
    let stored = try await engine.store.read { transaction in
      try transaction.query("SELECT value FROM nightshift_secrets ORDER BY name").map { $0.bytes(0)! }
    }
    #expect(stored[0] != stored[1] && stored[0].prefix(12) != stored[1].prefix(12))
    #expect(!stored.contains { String(decoding: $0, as: UTF8.self).contains("sk_live") })
    let copy = "UPDATE nightshift_secrets SET value = (SELECT value FROM nightshift_secrets WHERE name = 'one')"
    _ = try await engine.store.write { try $0.execute(copy + " WHERE name = 'two'") }
    #expect(await reason { _ = try await engine.secret("two") } == .damaged)
    // An old value that somebody puts back does not open either.
    _ = try await engine.setSecret("one", to: "new", by: .system)
    _ = try await engine.store.write { transaction in
      try transaction.execute("UPDATE nightshift_secrets SET value = ? WHERE name = 'one'", [.bytes(stored[0])])
    }
    #expect(await reason { _ = try await engine.secret("one") } == .damaged)
    // Nor after the secret was removed and set again.
    #expect(try await engine.removeSecret("one", by: .system))
    #expect(try await !engine.removeSecret("one", by: .system))
    _ = try await engine.setSecret("one", to: "newer", by: .system)
    #expect(try await engine.secrets().first?.version == 3)
  }

  @Test func `go over to a new key, while old and new are there`() async throws {
    let test = try await make()
    let engine = test.engine
    for number in 0..<230 { _ = try await engine.setSecret("s\(number)", to: "v\(number)", by: .system) }
    engine.provide(masterKeys: [Self.other, Self.key])
    // Until then the old one is in use, which all servers have.
    _ = try await engine.setSecret("s0", to: "again", by: .system)
    #expect(try await engine.secrets().allSatisfy { $0.keyID == Self.key.id })
    #expect(try await engine.rotateSecrets(by: .system) == 230)
    #expect(try await engine.rotateSecrets(by: .system) == 0)
    engine.provide(masterKeys: [Self.other])
    #expect(try await engine.secret("s0") == "again")
    #expect(try await engine.secret("s229") == "v229")
    let verbs = try await engine.column("SELECT DISTINCT verb FROM nightshift_audit ORDER BY verb")
    #expect(verbs == ["rotate-secrets", "set-secret"])
  }

  @Test func `reach handlers by name, and are masked in what these say`() async throws {
    let test = try await make()
    let engine = test.engine
    let (secret, key) = (value, "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----")
    _ = try await engine.setSecret("stripe", to: secret, by: .system)
    _ = try await engine.setSecret("pem", to: key, by: .system)
    try await engine.register("pay", payload: Int.self) { _, context -> Void in
      context.log("before: nothing to mask in •")
      let value = try await context.secret("stripe")
      _ = try await context.secret("pem")
      context.log("calling with \(value)!")
      context.log("as JSON: \(JSONValue.string(value))")
      context.log("MIIEvQIBADANBg")
      context.progress(0.5, "with \(value)")
      try context.emit("called", ["with": [value]])
      throw RetryableFailure(
        "401 for \(value)", type: "401", detail: String(repeating: "x", count: (64 << 10) - 8) + value)
    }
    let id = try await engine.add("pay", "1")
    try await test.runUntilIdle()
    let job = try #require(try await engine.job(id))
    let said =
      job.logs.map(\.message) + [job.progress?.message ?? ""]
      + job.attempts.flatMap { [$0.failure?.message ?? "", $0.failure?.detail ?? ""] }
    #expect(said.contains("calling with •••!"))
    #expect(said.contains("as JSON: \"•••\""))
    #expect(said.contains("with •••"))
    for text in said {
      #expect(!text.contains("sk_l") && !text.contains("MIIEv"), "\(text.suffix(60))")
    }
  }

  @Test func `note when they were used, and are not audited for it`() async throws {
    let test = try await make()
    let engine = test.engine
    _ = try await engine.setSecret("a", to: "value", by: .system)
    #expect(try await engine.secrets().first?.usedAt == nil)
    _ = try await engine.secret("a")
    let first = try #require(try await engine.secrets().first?.usedAt)
    test.clock.advance(by: .seconds(30))
    _ = try await engine.secret("a")
    #expect(try await engine.secrets().first?.usedAt == first)
    test.clock.advance(by: .seconds(31))
    _ = try await engine.secret("a")
    #expect(try await engine.secrets().first?.usedAt == engine.clock.now)
    #expect(try await engine.column("SELECT count(*) FROM nightshift_audit") == ["1"])
    #expect(
      try await !engine.column("SELECT coalesce(detail, '') FROM nightshift_audit").contains { $0.contains("value") })
  }
}
