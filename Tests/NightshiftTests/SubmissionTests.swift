import Foundation
@testable import Nightshift
import NightshiftTesting
import Testing

private let schema = #"{"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}"#

@Suite struct `A submission` {
  private func make() async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    var mail = KindRegistration(kind: "mail", options: KindOptions(), source: "test") { _, _ in nil }
    mail.schema = try PayloadSchema(JSONValue(parsing: schema.utf8))
    try await test.engine.register(mail)
    return test
  }

  private func draft(_ payload: String = #"{"to": "a"}"#, _ change: (inout JobOptions) -> Void = { _ in })
    -> JobDraft
  {
    var options = JobOptions()
    change(&options)
    return JobDraft(kind: "mail", payload: Array(payload.utf8), options: options)
  }

  private static let faulty: [(pointer: String, part: String, change: @Sendable (inout JobDraft) -> Void)] = [
    ("#/kind", "did you mean `mail`?", { $0.kind = "mial" }),
    ("#/payload", "is not JSON", { $0.payload = Array("{".utf8) }),
    ("#/payload", "is not JSON", { $0.payload = [0x22, 0xff, 0x22] }),
    ("#/payload/to", "must be a string", { $0.payload = Array(#"{"to": 1}"#.utf8) }),
    (
      "#/payload", "at most 1048576 are allowed",
      { $0.payload = [UInt8](repeating: 0x20, count: 1 << 20 + 1) }
    ),
    ("#/maxAttempts", "from 1 to 1000; got 0", { $0.options.maxAttempts = 0 }),
    ("#/timeout", "longer than nothing", { $0.options.timeout = .zero }),
    ("#/tags", "at most 20; got 21", { $0.options.tags = (0..<21).map(String.init) }),
    ("#/tags/1", "1 to 100 bytes; got 0", { $0.options.tags = ["a", ""] }),
    ("#/unique/key", "1 to 200 bytes; got 0", { $0.options.unique = .by("") }),
    ("#/unique/for", "longer than nothing", { $0.options.unique = .by("k", for: .seconds(-1)) }),
    ("#/org", "1 to 200 bytes", { $0.options.organization = "" }),
    ("#/owner", "1 to 200 bytes; got 201", { $0.options.owner = String(repeating: "a", count: 201) }),
  ]

  @Test(arguments: faulty.indices)
  func `is refused whole, and told where and why`(_ index: Int) async throws {
    let test = try await make()
    let (pointer, part, change) = Self.faulty[index]
    var bad = draft()
    change(&bad)
    let error = await #expect(throws: SubmissionError.self) {
      try await test.engine.submit([draft(), bad, draft()], actor: .system)
    }
    let fault = try #require(error?.faults.first)
    #expect(fault.index == 1)
    #expect(fault.pointer.hasPrefix(pointer))
    #expect(fault.message.contains(part), "\(fault.message)")
    #expect(try await test.engine.jobs(JobFilter()).jobs.isEmpty)
  }

  @Test func `names every fault at once`() async throws {
    let test = try await make()
    let bad = draft("[]") {
      $0.maxAttempts = 0
      $0.tags = [""]
    }
    let error = await #expect(throws: SubmissionError.self) {
      try await test.engine.submit([bad, bad], actor: .system)
    }
    #expect(error?.faults.count == 6)
  }

  @Test func `is owned by whoever sent it, unless it says otherwise`() async throws {
    let test = try await make()
    let actor = Actor(id: "ada", role: .operator)
    let drafts = [draft(), draft { $0.owner = "bob" }]
    _ = try await test.engine.submit(drafts, actor: actor)
    #expect(
      try await test.engine.column("SELECT owner FROM nightshift_payloads ORDER BY owner") == ["ada", "bob"])
    #expect(
      try await test.engine.column("SELECT actor || ' ' || verb FROM nightshift_audit") == ["ada enqueue"])
  }

  @Test func `with an idempotency key is done once, batches included`() async throws {
    let test = try await make()
    let actor = Actor(id: "ada", role: .member)
    func call(_ drafts: [JobDraft], key: String = "k", by actor: Actor = actor) async throws -> [Submission] {
      try await test.engine.submit(drafts, idempotencyKey: key, actor: actor)
    }
    let first = try await call([draft(), draft { $0.traceparent = "00-a" }])
    let again = try await call([draft { $0.traceparent = "00-b" }, draft()])
    #expect(again.map(\.id) == first.map(\.id))
    #expect(again.allSatisfy { $0.isDuplicate })
    let error = await #expect(throws: SubmissionError.self) {
      try await call([draft(), draft { $0.priority = .high }])
    }
    #expect(error?.keyReusedBy == first[0].id)
    await #expect(throws: SubmissionError.self) { try await call([draft()]) }
    #expect(try await call([draft()], by: Actor(id: "bob", role: .member))[0].isDuplicate == false)
    test.clock.advance(by: .seconds(86_400))
    #expect(try await call([draft()])[0].isDuplicate == false)
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_jobs") == ["4"])
  }

  @Test func `of an unknown kind names some that are known, and how many more there are`() async throws {
    let test = try await make()
    for number in 1...8 {
      let kind = try #require(JobKind(rawValue: "kind\(number)"))
      try await test.engine.register(
        KindRegistration(kind: kind, options: KindOptions(), source: "test") { _, _ in nil })
    }
    let error = await #expect(throws: SubmissionError.self) {
      try await test.engine.submit([JobDraft(kind: "zzzzzzzzzz", payload: Array("{}".utf8))], actor: .system)
    }
    #expect(
      error?.description.hasSuffix(
        "known kinds: kind1, kind2, kind3, kind4, kind5, kind6, kind7, kind8 and 1 more") == true)
  }

  @Test func `that is unique by its payload is dropped while one like it is not over`() async throws {
    let test = try await make()
    func send(_ payload: String) async throws -> Submission {
      try await test.engine.submit([draft(payload) { $0.unique = .byPayload() }], actor: .system)[0]
    }
    let first = try await send(#"{"to":"a"}"#)
    #expect(
      try await send(#"{"to":"a"}"#) == Submission(id: first.id, state: .ready, isDuplicate: true, conflict: .kept))
    #expect(try await send(#"{"to":"b"}"#).isDuplicate == false)
    try await test.runUntilIdle()
    #expect(try await send(#"{"to":"a"}"#).isDuplicate == false)
  }
}
