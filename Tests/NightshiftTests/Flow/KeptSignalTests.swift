@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A signal that a job has not waited for` {
  private func waiting() async throws -> (TestEngine, JobID) {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in
      let first = try await context.signal("paid", as: JSONValue.self)
      return [first, try await context.signal("sent", as: JSONValue.self)]
    }
    return (test, try await test.engine.add("k"))
  }

  private func flow(_ test: TestEngine, _ id: JobID) async throws -> JobFlow {
    try #require(try await test.engine.job(id)).flow
  }

  @Test func `is shown with the job, before it runs and while it waits`() async throws {
    let (test, id) = try await waiting()
    let ada = Actor(id: "ada", role: .operator)
    _ = try await test.engine.signal("piad", to: id, payload: Array(#"{"amount":5}"#.utf8), by: ada)
    let early = try await flow(test, id)
    #expect(early.signals.map(\.name) == ["piad"] && early.signals.map(\.sentBy) == ["ada"])
    #expect(early.signals.first?.payload == Array(#"{"amount":5}"#.utf8) && early.signals.first?.size == 12)
    try await test.runUntilIdle()
    _ = try await test.engine.signal("long", to: id, payload: Array(repeating: 0x31, count: 5_000), by: ada)
    let late = try await flow(test, id)
    #expect(late.signals.map(\.name) == ["piad", "long"] && late.signalCount == 2)
    #expect(late.signals.last?.payload == nil && late.signals.last?.size == 5_000)
    #expect(early.stamp != late.stamp)
  }

  @Test func `is no longer shown once it was taken`() async throws {
    let (test, id) = try await waiting()
    for name in ["paid", "sent"] { try await test.engine.signal(name, to: id, 1) }
    #expect(try await flow(test, id).signalCount == 2)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .completed)
    #expect(try await flow(test, id).signals == [])
  }

  @Test func `is one of a thousand at most, and what the job waits for comes all the same`() async throws {
    let (test, id) = try await waiting()
    try await test.runUntilIdle()
    for number in 0..<KeptSignal.most { try await test.engine.signal("flood", to: id, number) }
    let flow = try await flow(test, id)
    #expect(flow.signals.count == KeptSignal.mostShown && flow.signalCount == KeptSignal.most)
    let refused = await #expect(throws: SignalRefused.self) { try await test.engine.signal("flood", to: id, 0) }
    #expect(refused?.description.contains("at most 1000 signals with 8 MiB in all are kept for a job") == true)
    try await test.engine.signal("paid", to: id, 5)
    try await test.runUntilIdle()
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_signals WHERE wait IS NULL") == ["1000"])
    try await test.engine.signal("sent", to: id, 6)
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("[5,6]".utf8))
  }

  @Test func `has room for so many bytes in all`() async throws {
    let (test, id) = try await waiting()
    let large = Array(repeating: UInt8(ascii: "1"), count: 1 << 20)
    for _ in 0..<8 { _ = try await test.engine.signal("flood", to: id, payload: large, by: .system) }
    await #expect(throws: SignalRefused.self) { try await test.engine.signal("flood", to: id, 1) }
    let other = try await test.engine.add("k")
    #expect(try await test.engine.signal("flood", to: other, 1))
  }
}
