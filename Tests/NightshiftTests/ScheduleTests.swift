import Foundation
import NightshiftTesting
import Synchronization
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `A schedule`: FiresSchedules {
  let test: TestEngine

  init() async throws { test = try await Self.fresh() }

  @Test func `enqueues a job at each slot, which its handler is told`() async throws {
    let seen = Mutex<[String]>([])
    try await engine.register("told", payload: [String: Int].self) { payload, context in
      let slot = try #require(try await context.slotTime)
      seen.withLock { $0.append("\(slot.timeIntervalSince1970) \(payload["n"]!) \(context.queue)") }
      if context.attempt == 1 { throw Snooze.for(.seconds(90)) }
    }
    try await add("s", ["kind": "told", "payload": ["n": 7], "queue": "q", "expression": "*/10 * * * *"])
    try await test.runUntilIdle()
    #expect(try await slots() == [])
    test.clock.advance(by: .seconds(600))
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(600))
    try await test.runUntilIdle()
    #expect(try await slots() == ["12:10 enqueued", "12:20 enqueued"])
    let (first, second) = (1_767_269_400.0, 1_767_270_000.0)
    // The first one's second attempt runs with the same slot.
    #expect(seen.withLock { $0.sorted() } == ["\(first) 7 q", "\(first) 7 q", "\(second) 7 q"])
    var filter = JobFilter()
    filter.tags = ["schedule:s"]
    #expect(try await engine.jobs(filter, before: nil, limit: 10).jobs.count == 2)
  }

  @Test func `gives its slot to its own job and to forks of it, and to no other with the same tags`() async throws {
    let seen = Mutex<[JobID: Date?]>([:])
    try await engine.register("told", payload: JSONValue.self) { _, context in
      let slot = try await context.slotTime
      seen.withLock { $0[context.id] = slot }
    }
    try await add("s", ["kind": "told"])
    test.clock.advance(by: .seconds(3_600))
    try await test.runUntilIdle()
    let own = try #require(try await engine.slots(of: "s", before: nil, limit: 1).first)
    let job = try #require(own.job)
    var options = JobOptions()
    options.tags = try #require(try await engine.job(job)).summary.tags
    let forged = try await engine.add("told", "{}", options)
    let fork = try await engine.fork(job, Fork(), by: .system)
    let second = try await engine.fork(fork, Fork(), by: .system)
    try await test.runUntilIdle()
    let slots = seen.withLock { $0 }
    #expect(slots[job] == own.at.date && slots[fork] == own.at.date && slots[second] == own.at.date)
    #expect(slots[forged] == .some(nil))
  }

  @Test func `counts a fixed length of time from its start`() async throws {
    try await add("s", ["expression": "every 90s", "start": "2026-01-01T12:01:00Z", "end": "2026-01-01T12:04:00Z"])
    test.clock.advance(by: .seconds(50))
    try await fire()
    test.clock.advance(by: .seconds(60))
    try await fire()
    test.clock.advance(by: .seconds(3_600))
    try await fire()
    let times = try await engine.slots(of: "s", before: nil, limit: 10).reversed().map { $0.at.rfc3339.suffix(10) }
    #expect(times == ["01:00.000Z", "04:00.000Z"])
    #expect(try await engine.schedule("s")?.nextSlot == nil)
  }

  @Test(arguments: [
    ("none", [String]()), ("latest", ["17:00"]), ("last 2", ["16:00", "17:00"]),
    ("all", ["13:00", "14:00", "15:00", "16:00", "17:00"]),
  ])
  func `catches up after a long stop as it was told`(_ mode: String, _ expected: [String]) async throws {
    try await add("s", ["catchUp": .string(mode)])
    test.clock.advance(by: .seconds(5 * 3_600 + 1_800))
    try await fire()
    #expect(try await slots() == expected.map { "\($0) enqueued" })
    // And goes on as if nothing had been.
    test.clock.advance(by: .seconds(1_800))
    try await fire()
    #expect(try await slots() == (expected + ["18:00"]).map { "\($0) enqueued" })
  }

  static let late: [(late: Int64, counts: [String: Int])] = [
    // In time: a busy moment loses nothing, unless nothing is to be made up for.
    (60, ["latest": 7, "all": 7, "last 2": 7, "none": 1]), (70, ["latest": 1, "all": 8, "last 2": 2, "none": 1]),
  ]

  @Test(arguments: late)
  func `takes a slot for late after a minute`(_ late: Int64, _ counts: [String: Int]) async throws {
    let names = ["latest": "a", "all": "b", "last 2": "c", "none": "d"]
    for (mode, name) in names {
      try await add(name, ["catchUp": .string(mode), "expression": "*/10 * * * * *"])
      try await add("hourly-\(name)", ["catchUp": .string(mode)])
    }
    test.clock.advance(by: .seconds(3_600 - 10))
    try await fire()
    var before: [String: Int] = [:]
    for name in names.values { before[name] = try await slots(name).count }
    // The first of those that are then due is that of the full hour.
    test.clock.advance(by: .seconds(10 + late))
    try await fire()
    for (mode, name) in names {
      #expect(try await slots(name).count - before[name]! == counts[mode]!, "\(mode)")
      #expect(try await slots("hourly-\(name)").count == (mode == "none" && late > 60 ? 0 : 1), "\(mode)")
    }
  }

  @Test func `catches up at most a thousand slots, in several transactions`() async throws {
    try await add("s", ["catchUp": "all", "expression": "* * * * * *"])
    test.clock.advance(by: .seconds(30 * 86_400))
    try await fire()
    let slots = try await engine.slots(of: "s", before: nil, limit: 2_000)
    #expect(slots.count == 1_000)
    #expect(slots.first?.at == test.clock.now)
    #expect(slots.last?.at == test.clock.now - .seconds(999))
  }

  @Test func `puts jobs off by its jitter, by the same for the same slot`() async throws {
    try await add("s", ["jitter": "10m"])
    for _ in 0..<20 {
      test.clock.advance(by: .seconds(3_600))
      try await fire()
    }
    let delays = try await engine.column(
      "SELECT (j.run_at - s.at) / 1000000 FROM nightshift_slots s JOIN nightshift_jobs j ON j.id = s.job ORDER BY s.at")
    let seconds = delays.compactMap { Int($0) }
    #expect(seconds.count == 20 && seconds.allSatisfy { (0...600).contains($0) } && Set(seconds).count > 10)
    let definition = try #require(try await engine.schedule("s")?.definition)
    let slot = Timestamp(RFC3339.parse("2026-01-01T13:00:00Z")!)
    #expect(Int(definition.delay(of: slot, in: "s").seconds) == seconds[0])
    #expect(definition.delay(of: slot, in: "s") != definition.delay(of: slot, in: "t"))
  }

  @Test func `follows its time zone through a change of the clocks`() async throws {
    test.clock.set(RFC3339.parse("2026-03-28T12:00:00Z")!)
    try await add("s", ["expression": "30 2 * * *", "zone": "Europe/Berlin", "catchUp": "all"])
    test.clock.advance(by: .seconds(2 * 86_400))
    try await fire()
    #expect(try await slots() == ["01:00 enqueued", "00:30 enqueued"])
  }

  @Test func `whose job is refused does not stop the others, and its slot says why`() async throws {
    // As a file may declare it before any worker has the kind.
    try await engine.declareSchedules([
      "a": ["expression": "0 * * * *", "kind": "no-such"], "b": ["expression": "0 * * * *", "kind": "k"],
    ])
    test.clock.advance(by: .seconds(3_600))
    try await fire()
    #expect(try await slots("a") == ["13:00 refused"])
    #expect(try await slots("b") == ["13:00 enqueued"])
    let slot = try #require(try await engine.slots(of: "a", before: nil, limit: 1).first)
    #expect(slot.detail?.contains("no worker has ever registered the kind `no-such`") == true)
    try await engine.register("no-such", payload: JSONValue.self) { _, _ in }
    test.clock.advance(by: .seconds(3_600))
    try await fire()
    #expect(try await slots("a") == ["13:00 refused", "14:00 enqueued"])
  }

  @Test func `that cannot be read any more does not stop the others`() async throws {
    try await add("a", [:])
    try await add("b", [:])
    _ = try await engine.store.write {
      try $0.execute("UPDATE nightshift_schedules SET overridden = '{\"expression\":\"?\"}' WHERE name = 'a'")
    }
    test.clock.advance(by: .seconds(3_600))
    try await fire()
    #expect(try await slots("b") == ["13:00 enqueued"])
    let schedule = try await engine.schedule("a")
    #expect(schedule?.record.problem?.contains("expression") == true && schedule?.record.nextAt == nil)
  }

  @Test func `that is switched off fires nothing, and makes up for nothing`() async throws {
    try await add("s", ["catchUp": "all"])
    _ = try await engine.setSchedule("s", enabled: false, by: .system)
    test.clock.advance(by: .seconds(5 * 3_600))
    try await fire()
    _ = try await engine.setSchedule("s", enabled: true, by: .system)
    try await fire()
    #expect(try await slots() == [])
    test.clock.advance(by: .seconds(3_600))
    try await fire()
    #expect(try await slots() == ["18:00 enqueued"])
  }

  @Test func `fires no slot a second time when the clock is put back`() async throws {
    try await add("s", [:])
    test.clock.advance(by: .seconds(3_600))
    try await fire()
    test.clock.set(test.clock.date.addingTimeInterval(-7_200))
    try await fire()
    test.clock.advance(by: .seconds(7_200))
    try await fire()
    test.clock.advance(by: .seconds(3_600))
    try await fire()
    #expect(try await slots() == ["13:00 enqueued", "14:00 enqueued"])
  }

  @Test func `runs by hand, whatever the time`() async throws {
    try await add("s", ["payload": ["n": 1], "enabled": false])
    let submission = try await engine.runSchedule("s", by: .system)
    let job = try #require(try await engine.job(submission.id))
    #expect(String(decoding: job.payload, as: UTF8.self) == #"{"n":1}"#)
    #expect(job.summary.tags == ["schedule:s"])
    #expect(try await slots() == ["12:00 manual"])
  }

  @Test func `is refused with all that is wrong with it`() async throws {
    let error = await #expect(throws: ScheduleError.self) {
      try await add(
        "s",
        [
          "expression": "61 * * * *", "zone": "Europe/Berlni", "overlap": "never", "catchUp": "some", "jitter": "2d",
          "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z", "quue": "q", "tags": "a",
        ])
    }
    let text = "\(try #require(error))"
    for part in [
      "#/expression: the field \"minute\" is \"61\"", "did you mean Europe/Berlin?", "#/overlap", "#/catchUp",
      "#/jitter", "#/end", "did you mean `queue`?", "#/tags",
    ] { #expect(text.contains(part), "\(part)") }
    await #expect(throws: ScheduleError.self) { try await add("no good", [:]) }
    await #expect(throws: SubmissionError.self) { try await add("s", ["kind": "unknown"]) }
    await #expect(throws: ScheduleError.self) {
      try await add("s", ["expression": "*/30 2 * 3 0L", "zone": "Europe/Berlin"])
    }
    #expect(try await engine.schedules().isEmpty)
  }

  @Test func `is not added twice, and only one that is there is changed`() async throws {
    try await add("s", [:])
    let twice = await #expect(throws: ScheduleError.self) { try await add("s", [:]) }
    #expect(twice?.reason == .conflict)
    let missing = await #expect(throws: ScheduleError.self) {
      try await engine.editSchedule("t", ["expression": "@daily"], by: .system)
    }
    #expect(missing?.reason == .missing)
    try await engine.removeSchedule("s", by: .system)
    #expect(try await engine.schedule("s") == nil)
    let verbs = try await engine.column("SELECT verb FROM nightshift_audit ORDER BY id")
    #expect(verbs == ["add-schedule", "remove-schedule"])
  }
}
