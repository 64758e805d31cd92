import Foundation
@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `An answer that is to be remembered`: AsksPeople {
  let ledger = Ledger()

  @Test(arguments: [Verdict.Remember.Scope.job, .arguments, .kind])
  func `spares others the question, for as long and as far as was said`(
    _ scope: Verdict.Remember.Scope
  ) async throws {
    let test = try await asking()
    let (_, checkpoint) = try await ask(test)
    let remember = Verdict.Remember(scope: scope, until: test.clock.now + .seconds(60))
    _ = try await test.engine.decide(checkpoint.id, Verdict(.approve, remember: remember), by: ada)
    let same = try await test.engine.add("k", "7")
    let another = try await test.engine.add("k", "8")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: same) == (scope == .job ? .waiting : .completed))
    #expect(try await test.engine.state(of: another) == (scope == .kind ? .completed : .waiting))
    test.clock.advance(by: .seconds(61))
    let late = try await test.engine.add("k", "7")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: late) == .waiting)
    guard scope != .job else { return }
    var filter = CheckpointFilter()
    filter.job = same
    let granted = try await test.engine.checkpoints(filter).checkpoints.first
    #expect(granted?.state == .approved && granted?.decisions.map(\.via) == ["grant"])
  }

  @Test func `counts for no question that whoever gave it could not decide alone`() async throws {
    let remember = Verdict.Remember(scope: .kind, until: nil)
    let test = try await engine { (rule: Int, context: JobContext) -> String? in
      var options = CheckpointOptions()
      if rule == 2 { options.reviewers.required = 2 }
      if rule == 3 { options.reviewers.roles = ["admin"] }
      if rule == 4 { options.risk = .money }
      if rule == 5 { options.reviewers.excludesRequester = true }
      return try await context.approval("send", title: "Send?", options: options).by
    }
    var options = JobOptions()
    options.owner = "ada"
    _ = try await test.engine.add("k", "1")
    try await test.runUntilIdle()
    _ = try await test.engine.decide(try await pending(test)[0].id, Verdict(.approve, remember: remember), by: ada)
    for rule in ["2", "3", "4", "5"] {
      let id = try await test.engine.add("k", rule, options)
      try await test.runUntilIdle()
      #expect(try await test.engine.state(of: id) == .waiting, "rule \(rule)")
    }
    // Nor does one of two allow it for both.
    let two = try #require(try await pending(test).first { $0.required == 2 })
    _ = try await test.engine.decide(two.id, Verdict(.approve, remember: remember), by: ben)
    let again = try await test.engine.add("k", "2")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: again) == .waiting)
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_grants") == ["1"])
  }

  @Test func `is listed while it counts, and no longer counts once it is revoked`() async throws {
    let test = try await asking()
    let (id, checkpoint) = try await ask(test)
    let remember = Verdict.Remember(scope: .kind, until: test.clock.now + .seconds(60))
    _ = try await test.engine.decide(checkpoint.id, Verdict(.approve, remember: remember), by: ada)
    let grant = try #require(try await test.engine.grants().grants.first)
    #expect(grant.kind == "k" && grant.key == "send" && grant.scope == .kind && grant.grantedBy == "ada")
    #expect(grant.checkpoint == checkpoint.id && grant.expiresAt == remember.until)
    let mia = Actor(id: "mia", role: .member)
    #expect(try await test.engine.revokeGrant(grant.id, by: mia) == nil)
    #expect(try await test.engine.revokeGrant(grant.id, by: ben)?.id == grant.id)
    #expect(try await test.engine.revokeGrant(grant.id, by: ben) == nil)
    #expect(try await test.engine.grants().grants.isEmpty)
    #expect(try await test.engine.column("SELECT actor FROM nightshift_audit WHERE verb = 'revoke-grant'") == ["ben"])
    try await test.runUntilIdle()
    let next = try await test.engine.add("k", "7")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .completed)
    #expect(try await test.engine.state(of: next) == .waiting)
  }

  @Test func `is no longer listed when its time is over, or its only job`() async throws {
    let test = try await asking()
    let (_, first) = try await ask(test)
    let short = Verdict.Remember(scope: .arguments, until: test.clock.now + .seconds(60))
    _ = try await test.engine.decide(first.id, Verdict(.approve, remember: short), by: ada)
    try await test.runUntilIdle()
    _ = try await test.engine.add("k", "8")
    try await test.runUntilIdle()
    let second = try #require(try await pending(test).first)
    let own = Verdict(.approve, remember: .init(scope: .job, until: nil))
    _ = try await test.engine.decide(second.id, own, by: ada)
    #expect(try await test.engine.grants().grants.map(\.scope) == [.job, .arguments])
    let page = try await test.engine.grants(limit: 1)
    #expect(page.grants.map(\.scope) == [.job])
    #expect(try await test.engine.grants(before: page.next, limit: 1).grants.map(\.scope) == [.arguments])
    try await test.runUntilIdle()
    #expect(try await test.engine.grants().grants.map(\.scope) == [.arguments])
    test.clock.advance(by: .seconds(60))
    #expect(try await test.engine.grants().grants.isEmpty)
  }

  @Test func `cannot change what was asked`() async throws {
    let test = try await asking()
    let (_, checkpoint) = try await ask(test)
    let verdict = Verdict(.approve, data: ["amount": 1], remember: .init(scope: .arguments, until: nil))
    await #expect(throws: CheckpointError.self) {
      try await test.engine.decide(checkpoint.id, verdict, by: ada)
    }
    #expect(try await pending(test).count == 1)
  }
}
