@testable import Nightshift
import Testing

@Suite struct `A worker's local buffer` {
  private var buffer = LocalBuffer(concurrency: 4, limit: 1_000)

  @Test mutating func `gives out jobs in the order in which they were claimed`() {
    buffer.add([ClaimedJob(3), ClaimedJob(1), ClaimedJob(2)])
    #expect((0..<3).map { _ in buffer.next()?.id.rawValue } == [3, 1, 2])
    #expect(buffer.next() == nil)
    #expect(buffer.active == 3)
  }

  @Test mutating func `gives out no more than there are slots`() {
    buffer.add((1...6).map { ClaimedJob($0) })
    for _ in 0..<4 { #expect(buffer.next() != nil) }
    #expect(buffer.next() == nil)
    buffer.finished(after: .seconds(1))
    #expect(buffer.next()?.id.rawValue == 5)
  }

  @Test mutating func `asks for one job a slot when attempts are long, and for more when they are short`() {
    for _ in 0..<500 {
      buffer.add([ClaimedJob()])
      _ = buffer.next()
      buffer.finished(after: .seconds(1))
    }
    #expect(buffer.room == 4)
    for _ in 0..<2_000 {
      buffer.add([ClaimedJob()])
      _ = buffer.next()
      buffer.finished(after: .microseconds(10))
    }
    #expect(buffer.room > 500 && buffer.room <= 1_004)
  }

  @Test mutating func `asks for one job a slot before it knows how long attempts are`() {
    #expect(buffer.room == 4)
    buffer.add((1...4).map { ClaimedJob($0) })
    for _ in 0..<4 { _ = buffer.next() }
    #expect(buffer.room == 0)
    buffer.finished(after: .microseconds(10))
    #expect(buffer.room > 500)
  }

  @Test mutating func `gives back what waits behind long attempts, and claims nothing ahead until one ends`() {
    for _ in 0..<2_000 {
      buffer.add([ClaimedJob()])
      _ = buffer.next()
      buffer.finished(after: .microseconds(10))
    }
    buffer.add((1...6).map { ClaimedJob($0) })
    for _ in 0..<4 { _ = buffer.next() }
    #expect(buffer.removeStalled().isEmpty, "attempts have begun since the last look")
    #expect(buffer.removeStalled().map(\.id.rawValue) == [5, 6])
    #expect(buffer.room == 0)
    buffer.finished(after: .microseconds(10))
    #expect(buffer.room > 1)
  }

  @Test mutating func `keeps what waits while attempts go on ending`() {
    buffer.add((1...20).map { ClaimedJob($0) })
    for _ in 0..<4 { _ = buffer.next() }
    for _ in 0..<5 {
      #expect(buffer.removeStalled().isEmpty)
      buffer.finished(after: .milliseconds(900))
      _ = buffer.next()
    }
  }

  @Test mutating func `is not misled by a clock that was set back`() {
    buffer.add([ClaimedJob()])
    _ = buffer.next()
    buffer.finished(after: .seconds(-3_600))
    #expect(buffer.room < 20)
  }

  @Test mutating func `runs a suspect with nothing beside it`() {
    buffer.add([ClaimedJob(1)])
    _ = buffer.next()
    buffer.add([ClaimedJob(2, crashes: 1), ClaimedJob(3), ClaimedJob(4)])
    #expect(buffer.room == 0)
    #expect(buffer.next() == nil)
    buffer.finished(after: .seconds(1))
    #expect(buffer.next()?.id.rawValue == 2)
    #expect(buffer.isAlone)
    #expect(buffer.next() == nil)
    #expect(buffer.room == 0)
    buffer.finished(after: .seconds(1))
    #expect(buffer.next()?.id.rawValue == 3)
    #expect(buffer.next()?.id.rawValue == 4)
  }

  @Test mutating func `tells how many may begin now`() {
    #expect(buffer.startable == 0)
    buffer.add((1...6).map { ClaimedJob($0) })
    #expect(buffer.startable == 4)
    _ = buffer.next()
    #expect(buffer.startable == 3)
    buffer.add([ClaimedJob(7, crashes: 1)])
    #expect(buffer.startable == 0)
    buffer.finished(after: .seconds(1))
    #expect(buffer.startable == 1)
    _ = buffer.next()
    #expect(buffer.startable == 0)
    buffer.finished(after: .seconds(1))
    #expect(buffer.startable == 4)
  }

  @Test mutating func `gives up what has not begun`() {
    buffer.add([ClaimedJob(1), ClaimedJob(2, crashes: 1), ClaimedJob(3)])
    #expect(buffer.remove(JobID(rawValue: 3))?.id.rawValue == 3)
    #expect(buffer.remove(JobID(rawValue: 3))?.id == nil)
    #expect(buffer.removeSuspects().map(\.id.rawValue) == [2])
    buffer.add([ClaimedJob(4, crashes: 2)])
    #expect(buffer.removeAll().map(\.id.rawValue) == [4, 1])
    #expect(buffer.isEmpty)
  }
}
