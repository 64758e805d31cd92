import NightshiftTesting
import Testing

@testable import Nightshift

@Suite struct `Passwords` {
  // RFC 7914, section 12, the second vector, with our size of the key.
  @Test func `are hashed as scrypt has it`() throws {
    let hash = try PasswordHash("password", cost: 10, salt: Array("NaCl".utf8))
    #expect(hash.text.hasPrefix("$scrypt$ln=10,r=8,p=1$TmFDbA$"))
    let read = try #require(PasswordHash(hash.text))
    #expect(read == hash)
    #expect(try read.matches("password"))
    #expect(try !read.matches("Password"))
  }

  @Test func `are the same however their accents were typed`() throws {
    let hash = try PasswordHash("caf\u{E9}", cost: 1)
    #expect(try hash.matches("cafe\u{301}"))
  }

  @Test(arguments: [
    "", "$scrypt$", "$scrypt$ln=99,r=8,p=1$AA$AA", "$argon2id$v=19$a$b", "$scrypt$ln=10,r=8,p=1$TmFDbA$AA",
  ])
  func `are not known by anything else`(_ text: String) { #expect(PasswordHash(text) == nil) }
}

@Suite(.timeLimit(.minutes(5))) struct `Signing in` {
  private let password = "correct horse battery"

  private func withUser(_ body: (TestEngine) async throws -> Void) async throws {
    let test = try await Self.engine()
    _ = try await test.engine.addUser("anna", role: .operator, password: password, by: .system)
    try await body(test)
  }

  private static func engine() async throws -> TestEngine {
    var configuration = EngineConfiguration()
    configuration.passwordCost = 4
    return try await TestEngine.fresh(configuration: configuration)
  }

  private func reason(_ engine: Engine, _ name: String, _ password: String, _ address: String) async -> AccountError
    .Reason?
  {
    do {
      _ = try await engine.signIn(name, password: password, address: address, agent: nil)
      return nil
    } catch let error as AccountError {
      return error.reason
    } catch {
      Issue.record(error)
      return nil
    }
  }

  @Test func `takes the name, the password and an account in force`() async throws {
    try await withUser { test in
      let engine = test.engine
      #expect(await reason(engine, "anna", "wrong", "192.0.2.1") == .wrongPassword)
      #expect(await reason(engine, "nobody", password, "192.0.2.1") == .wrongPassword)
      let secret = try await engine.signIn("Anna", password: password, address: "192.0.2.1", agent: "Browser")
      #expect(try await engine.session(secret)?.actor.id == "anna")
      #expect(try await engine.session(secret + "x") == nil)
      _ = try await engine.addUser("boss", role: .admin, password: password, by: .system)
      var change = UserChange()
      change.isDisabled = true
      _ = try await engine.changeUser("anna", change, by: .system)
      #expect(try await engine.session(secret) == nil)
      #expect(await reason(engine, "anna", password, "192.0.2.1") == .wrongPassword)
    }
  }

  @Test func `makes whoever fails often wait, from where it failed, and longer each time`() async throws {
    try await withUser { test in
      let engine = test.engine
      for _ in 0..<5 { #expect(await reason(engine, "anna", "wrong", "192.0.2.1") == .wrongPassword) }
      let first = engine.now + .seconds(60)
      #expect(await reason(engine, "anna", password, "192.0.2.1") == .locked(until: first))
      // A guesser elsewhere keeps nobody out here.
      #expect(await reason(engine, "anna", password, "192.0.2.2") == nil)
      test.clock.advance(by: .seconds(61))
      #expect(await reason(engine, "anna", "wrong", "192.0.2.1") == .wrongPassword)
      #expect(await reason(engine, "anna", password, "192.0.2.1") == .locked(until: engine.now + .seconds(120)))
      test.clock.advance(by: .seconds(121))
      #expect(await reason(engine, "anna", password, "192.0.2.1") == nil)
    }
  }

  @Test func `makes an address wait that tries many names`() async throws {
    try await withUser { test in
      for number in 0..<20 {
        #expect(await reason(test.engine, "user\(number)", "wrong", "192.0.2.9") == .wrongPassword)
      }
      guard case .locked = await reason(test.engine, "anna", password, "192.0.2.9") else {
        Issue.record("it was let in")
        return
      }
    }
  }

  @Test func `ends when nobody uses the session, and after its time`() async throws {
    try await withUser { test in
      let engine = test.engine
      let idle = try await engine.signIn("anna", password: password, address: nil, agent: nil)
      test.clock.advance(by: Session.idle + .seconds(1))
      #expect(try await engine.session(idle) == nil)
      let used = try await engine.signIn("anna", password: password, address: nil, agent: nil)
      for _ in 0..<14 {
        test.clock.advance(by: .seconds(12 * 3600 - 60))
        _ = try await engine.session(used)
      }
      test.clock.advance(by: .seconds(2 * 3600))
      #expect(try await engine.session(used) == nil)
    }
  }

  @Test func `makes the first administrator once`() async throws {
    let test = try await Self.engine()
    let made = try #require(try await test.engine.ensureAdminUser())
    #expect(made.name == "admin")
    #expect(try await test.engine.ensureAdminUser() == nil)
    _ = try await test.engine.signIn("admin", password: made.password, address: nil, agent: nil)
  }

  @Test(arguments: [
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
  ])
  func `counts an IPv6 network as one place`(_ address: String, _ network: String) {
    #expect(SignInThrottle.network(of: address) == network)
  }
}
