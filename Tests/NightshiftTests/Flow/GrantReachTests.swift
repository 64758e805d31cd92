import Foundation
import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `What a reviewer has allowed beforehand`: AsksPeople {
  let ledger = Ledger()

  private func user(
    _ name: String, _ role: Role, of organization: String? = nil, _ test: TestEngine
  ) async throws -> Actor {
    _ = try await test.engine.addUser(
      name, role: role, organization: organization, password: "correct horse battery", by: .system)
    return Actor(id: name, role: role, organization: organization)
  }

  private func options(of organization: String?, owner: String? = nil) -> JobOptions {
    var options = JobOptions()
    (options.organization, options.owner) = (organization, owner)
    return options
  }

  private func fresh() async throws -> TestEngine {
    let test = try await asking()
    for name in ["acme", "globex"] { try await test.engine.addOrganization(name, title: nil, by: .system) }
    return test
  }

  /// Has somebody allow the same for all jobs of the kind in an organization.
  private func allow(_ actor: Actor, in organization: String?, _ test: TestEngine) async throws -> Grant {
    let (_, checkpoint) = try await ask(test, options(of: organization))
    let verdict = Verdict(.approve, remember: .init(scope: .kind, until: nil))
    _ = try await test.engine.decide(checkpoint.id, verdict, by: actor)
    try await test.runUntilIdle()
    return try #require(try await test.engine.grants().grants.first)
  }

  /// Whether another job goes on without being asked; one that asks is cancelled.
  private func goesOn(in organization: String?, _ test: TestEngine) async throws -> Bool {
    let id = try await test.engine.add("k", "7", options(of: organization))
    try await test.runUntilIdle()
    let state = try await test.engine.state(of: id)
    if state == .waiting { _ = try await test.engine.cancel([id], reason: "asked", by: .system) }
    return state == .completed
  }

  @Test func `counts for jobs of the same organization only, and is seen by that one only`() async throws {
    let test = try await fresh()
    let gil = try await user("gil", .approver, of: "acme", test)
    let hal = try await user("hal", .approver, of: "globex", test)
    let ada = try await user("ada", .approver, test)
    let grant = try await allow(gil, in: "acme", test)
    #expect(grant.organization == "acme")
    #expect(try await goesOn(in: "acme", test))
    #expect(try await !goesOn(in: "globex", test))
    #expect(try await !goesOn(in: nil, test))
    let mine = try await allow(ada, in: nil, test)
    #expect(try await goesOn(in: nil, test))
    #expect(try await !goesOn(in: "globex", test))
    #expect(try await test.engine.grants(for: gil).grants.map(\.id) == [grant.id])
    #expect(try await test.engine.grants(for: hal).grants.isEmpty)
    #expect(try await test.engine.grants(for: ada).grants.map(\.id) == [mine.id, grant.id])
    #expect(try await test.engine.grants(for: Actor(id: "mia", role: .member)).grants.isEmpty)
    #expect(try await test.engine.revokeGrant(grant.id, by: hal) == nil)
    #expect(try await test.engine.revokeGrant(mine.id, by: gil) == nil)
    #expect(try await test.engine.revokeGrant(grant.id, by: gil)?.id == grant.id)
    #expect(try await !goesOn(in: "acme", test))
  }

  @Test func `is shown to the member whose job it is for, who may not revoke it`() async throws {
    let test = try await fresh()
    let gil = try await user("gil", .approver, test)
    let (_, checkpoint) = try await ask(test, options(of: nil, owner: "mia"))
    let verdict = Verdict(.approve, remember: .init(scope: .job, until: nil))
    _ = try await test.engine.decide(checkpoint.id, verdict, by: gil)
    let mia = Actor(id: "mia", role: .member)
    let grant = try #require(try await test.engine.grants(for: mia).grants.first)
    await #expect(throws: CheckpointError.self) { try await test.engine.revokeGrant(grant.id, by: mia) }
    #expect(try await test.engine.grants(for: Actor(id: "max", role: .member)).grants.isEmpty)
  }

  enum Loss: CaseIterable, Sendable { case role, disabled, removed, organization }

  @Test(arguments: Loss.allCases)
  func `counts no longer than whoever has allowed it may do so`(_ loss: Loss) async throws {
    let test = try await fresh()
    _ = try await user("boss", .admin, test)
    let gil = try await user("gil", .approver, of: "acme", test)
    _ = try await allow(gil, in: "acme", test)
    #expect(try await goesOn(in: "acme", test))
    var change = UserChange()
    switch loss {
    case .role: change.role = .viewer
    case .disabled: change.isDisabled = true
    case .organization: change.organization = .some("globex")
    case .removed:
      try await test.engine.removeUser("gil", by: .system)
      // Another one of the same name has allowed nothing.
      _ = try await user("gil", .approver, of: "acme", test)
    }
    if loss != .removed { _ = try await test.engine.changeUser("gil", change, by: .system) }
    #expect(try await !goesOn(in: "acme", test))
  }

  @Test func `ends with the token that has allowed it`() async throws {
    let test = try await fresh()
    let end = test.clock.now + .seconds(60)
    for (name, expiry) in [("late", end), ("gone", nil)] as [(String, Timestamp?)] {
      _ = try await test.engine.createToken(name: name, role: .approver, expiresAt: expiry, by: .system)
      let grant = try await allow(Actor(id: "token:\(name)", role: .approver), in: nil, test)
      #expect(try await goesOn(in: nil, test))
      if expiry == nil {
        #expect(try await test.engine.revokeToken(name, by: .system))
      } else {
        test.clock.advance(by: .seconds(61))
      }
      #expect(try await !goesOn(in: nil, test), "\(name)")
      _ = try await test.engine.revokeGrant(grant.id, by: .system)
    }
  }

  @Test(arguments: ["jwt:anna", "root"])
  func `counts with the role of then where nobody can be looked up`(_ name: String) async throws {
    let test = try await fresh()
    _ = try await allow(Actor(id: name, role: .admin), in: nil, test)
    #expect(try await goesOn(in: nil, test))
  }

  @Test func `ends with its organization`() async throws {
    let test = try await fresh()
    _ = try await allow(try await user("gil", .approver, test), in: "acme", test)
    let ids = try await test.engine.column("SELECT id FROM nightshift_jobs").compactMap { Int64($0) }
    _ = try await test.engine.discard(ids.map { JobID(rawValue: $0) }, by: .system)
    try await test.engine.removeOrganization("acme", by: .system)
    #expect(try await test.engine.grants().grants.isEmpty)
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A member's questions`: AsksPeople {
  let ledger = Ledger()

  @Test(arguments: ["approver", "reject", "users", "reviewers", "roles", "expires"])
  func `are those of its jobs and those that name it, whatever it is called`(_ name: String) async throws {
    let test = try await asking { options in
      options.reviewers.roles = ["approver"]
      options.onExpiry = .reject
    }
    try await test.engine.register("named", payload: Int.self) { _, context -> String? in
      var options = CheckpointOptions()
      options.reviewers = .anyOf([name, "somebody"])
      return try await context.approval("send", title: "Named?", options: options).by
    }
    for _ in 0..<3 { _ = try await test.engine.add("k", "7") }
    var own = JobOptions()
    own.owner = name
    let mine = try await test.engine.add("k", "7", own)
    let asked = [try await test.engine.add("named"), try await test.engine.add("named")]
    for _ in 0..<3 { _ = try await test.engine.add("k", "7") }
    try await test.runUntilIdle()
    var filter = CheckpointFilter()
    filter.states = [.pending]
    filter.viewer = Actor(id: name, role: .member)
    let all = try await test.engine.checkpoints(filter)
    #expect(Set(all.checkpoints.map(\.job)) == Set(asked + [mine]) && all.next == nil)
    #expect(all.checkpoints.map(\.id.rawValue) == all.checkpoints.map(\.id.rawValue).sorted(by: >))
    #expect(try await test.engine.waitingQuestions(upTo: 100, for: filter.viewer!) == 3)
    var (seen, next): ([CheckpointID], CheckpointID?) = ([], nil)
    repeat {
      let page = try await test.engine.checkpoints(filter, before: next, limit: 1)
      #expect(page.checkpoints.count == 1)
      seen += page.checkpoints.map(\.id)
      next = page.next
    } while next != nil && seen.count < 10
    #expect(seen == all.checkpoints.map(\.id))
  }

  @Test func `name a token with or without what says that it is one`() async throws {
    let test = try await asking { $0.reviewers = .anyOf(["ci_1"]) }
    _ = try await test.engine.add("k", "7")
    try await test.runUntilIdle()
    var filter = CheckpointFilter()
    filter.viewer = Actor(id: "token:ci_1", role: .member)
    #expect(try await test.engine.checkpoints(filter).checkpoints.count == 1)
    filter.viewer = Actor(id: "token:cix1", role: .member)
    #expect(try await test.engine.checkpoints(filter).checkpoints.isEmpty)
  }
}
