import Foundation
@testable import Nightshift
import NightshiftTesting
import Testing

@Suite struct `An identifier` {
  @Test(arguments: [0, 1, 31, 32, 4_711, .max - 1, .max] as [Int64])
  func `comes back from its text`(_ id: Int64) {
    let text = Identifier.text(id, prefix: "job")
    #expect(text.count == 17)
    #expect(Identifier.parse(text, prefix: "job") == id)
    #expect(Identifier.parse("job" + text.dropFirst(3).lowercased(), prefix: "job") == id)
  }

  @Test func `sorts as text as it does as a number`() {
    let ids = (0..<500).map { _ in Int64.random(in: 0...Int64.max) }
    let texts = ids.sorted().map { Identifier.text($0, prefix: "job") }
    #expect(texts == texts.sorted())
  }

  @Test func `is read by people who mistake O for 0 and l for 1`() {
    #expect(
      Identifier.parse("job_oOiIlL0000000", prefix: "job")
        == Identifier.parse("job_0011110000000", prefix: "job"))
  }

  @Test(arguments: [
    "", "job", "job_", "job_000000000000", "job_00000000000000", "wrk_0000000000000", "job-0000000000000",
    "job_000000000000U", "job_000000000000é", "job_G000000000000", "job_8000000000000", "job_00000000000 0",
  ])
  func `is not read from anything else`(_ text: String) {
    #expect(Identifier.parse(text, prefix: "job") == nil)
  }

  @Test func `tells when it was made`() {
    let moment = Timestamp(microseconds: 1_767_268_800_123_000)
    let id = Identifier.make(milliseconds: moment.microseconds / 1_000, node: 1022, sequence: 4095)
    #expect(Identifier.timestamp(of: id) == moment)
    #expect(Identifier.lowest(at: moment) <= id)
    #expect(Identifier.lowest(at: moment + .milliseconds(1)) > id)
  }

  @Test func `never goes backwards, whatever the clock does`() {
    let clock = TestClock()
    let generator = IdentifierGenerator(node: 3, clock: clock)
    var ids = (0..<5_000).map { _ in generator.next() }
    clock.set(clock.date.addingTimeInterval(-3_600))
    ids += (0..<5_000).map { _ in generator.next() }
    clock.set(clock.date.addingTimeInterval(7_200))
    ids += (0..<10).map { _ in generator.next() }
    #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `has room for 4096 in a millisecond, and then borrows the next`() {
    let generator = IdentifierGenerator(node: 0, clock: TestClock())
    let ids = (0..<4_097).map { _ in generator.next() }
    let first = Identifier.timestamp(of: ids[0])
    #expect(ids[..<4_096].allSatisfy { Identifier.timestamp(of: $0) == first })
    #expect(Identifier.timestamp(of: ids[4_096]) == first + .milliseconds(1))
  }

  @Test func `is made only once by many tasks`() async {
    let generator = IdentifierGenerator(node: 0, clock: SystemClock())
    let ids = await withTaskGroup(of: [Int64].self) { group in
      for _ in 0..<4 { group.addTask { (0..<5_000).map { _ in generator.next() } } }
      return await group.reduce(into: Set()) { $0.formUnion($1) }
    }
    #expect(ids.count == 20_000)
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A test clock` {
  @Test func `stands still until it is moved`() {
    let clock = TestClock()
    let start = clock.now
    #expect(clock.now == start)
    clock.advance(by: .seconds(5))
    #expect(clock.now == start + .seconds(5))
    #expect(clock.monotonic == 5_000_000_000)
    clock.set(Date(timeIntervalSince1970: 0))
    #expect(clock.now.microseconds == 0)
    #expect(clock.monotonic == 5_000_000_000)
  }

  @Test func `wakes those whose time has come`() async throws {
    let clock = TestClock()
    let deadline = clock.now + .seconds(5)
    let sleeper = Task { try await clock.sleep(until: deadline) }
    clock.advance(by: .seconds(5))
    try await sleeper.value
    try await clock.sleep(until: deadline)
  }

  @Test func `wakes those who are cancelled`() async {
    let clock = TestClock()
    let sleeper = Task { try await clock.sleep(for: .seconds(5)) }
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
  }
}
