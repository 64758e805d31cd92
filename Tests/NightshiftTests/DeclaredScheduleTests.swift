import Foundation
import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `A declared schedule` {
  private let test: TestEngine
  private var engine: Engine { test.engine }
  private let hourly: JSONValue = ["expression": "0 * * * *", "kind": "k"]

  init() async throws {
    test = try await TestEngine.fresh()
    try await engine.register("k", payload: JSONValue.self) { _, _ in }
  }

  @Test func `is overridden by an edit at run time until it is reset`() async throws {
    try await engine.declareSchedules(["s": hourly])
    _ = try await engine.editSchedule("s", ["expression": "30 * * * *", "queue": "q"], by: .system)
    // What the file says of other fields goes on counting.
    try await engine.declareSchedules(["s": ["expression": "15 * * * *", "kind": "k", "priority": "high"]])
    var schedule = try #require(try await engine.schedule("s"))
    #expect(schedule.definition?.expression == "30 * * * *" && schedule.definition?.options.priority == .high)
    #expect(schedule.record.declared?["expression"] == "15 * * * *")
    #expect(schedule.record.overridden == ["expression": "30 * * * *", "queue": "q"])
    _ = try await engine.editSchedule("s", ["queue": nil], by: .system)
    #expect(try await engine.schedule("s")?.record.overridden == ["expression": "30 * * * *"])
    schedule = try await engine.resetSchedule("s", by: .system)
    #expect(schedule.record.overridden == nil && schedule.nextSlot?.rfc3339 == "2026-01-01T12:15:00.000Z")
  }

  @Test func `may be rid of a field that the file declares, until it is reset`() async throws {
    let declared: JSONValue = ["expression": "0 * * * *", "kind": "k", "jitter": "1s", "timeout": "5s"]
    try await engine.declareSchedules(["s": declared])
    let edited = try await engine.editSchedule("s", ["jitter": nil], by: .system)
    #expect(edited.definition?.jitter == nil && edited.definition?.options.timeout == .seconds(5))
    #expect(edited.record.overridden == ["jitter": nil] && edited.record.json["jitter"] == nil)
    // What the file goes on saying changes nothing of it.
    try await engine.declareSchedules(["s": ["expression": "0 * * * *", "kind": "k", "jitter": "2s"]])
    #expect(try await engine.schedule("s")?.definition?.jitter == nil)
    #expect(try await engine.resetSchedule("s", by: .system).definition?.jitter == .seconds(2))
  }

  @Test func `is not rid of a field that there is not, or that it needs`() async throws {
    try await engine.declareSchedules(["s": hourly])
    let unknown = await #expect(throws: ScheduleError.self) {
      try await engine.editSchedule("s", ["jiter": nil], by: .system)
    }
    #expect(unknown?.description == "#/jiter: is not a known field: did you mean `jitter`?")
    let needed = await #expect(throws: ScheduleError.self) {
      try await engine.editSchedule("s", ["kind": nil], by: .system)
    }
    #expect(needed?.description.hasPrefix("#/kind: is missing") == true)
    #expect(try await engine.schedule("s")?.record.overridden == nil)
  }

  @Test func `goes on undisturbed when the file is read again`() async throws {
    let first = try await engine.declareSchedules(["s": hourly, "t": hourly])
    #expect(first == DeclaredChanges(added: ["s", "t"]))
    test.clock.advance(by: .seconds(3_000))
    #expect(try await engine.declareSchedules(["s": hourly, "t": hourly]).isEmpty)
    test.clock.advance(by: .seconds(600))
    #expect(try await engine.declareSchedules(["s": hourly, "t": hourly]).isEmpty)
    // The slot that has come meanwhile is not lost by it.
    _ = try await engine.housekeeper.scheduler.fire()
    #expect(try await engine.slots(of: "s", before: nil, limit: 9).count == 1)
  }

  @Test func `ends when it is no longer in the file, and others stay`() async throws {
    _ = try await engine.addSchedule("mine", hourly, by: .system)
    try await engine.declareSchedules(["s": hourly])
    let error = await #expect(throws: ScheduleError.self) { try await engine.removeSchedule("s", by: .system) }
    #expect(error?.description.contains("remove it there, or disable it") == true)
    #expect(try await engine.declareSchedules([:]) == DeclaredChanges(removed: ["s"]))
    #expect(try await engine.schedules().map(\.record.name) == ["mine"])
    let reset = await #expect(throws: ScheduleError.self) { try await engine.resetSchedule("mine", by: .system) }
    #expect(reset?.reason == .conflict)
  }

  struct Report: Job {
    static let kind: JobKind = "report"
    var day: String
    func run(_ context: JobContext) async throws {}
  }

  @Test func `may come from the program itself`() async throws {
    try await engine.register(Report.self)
    var options = ScheduleOptions()
    options.overlap = .skip
    options.jitter = .seconds(30)
    for _ in 0..<2 {
      try await engine.schedule(
        "report", Report(day: "today"), "0 2 * * *", in: TimeZone(identifier: "Asia/Tokyo")!, options)
    }
    let schedule = try #require(try await engine.schedule("report"))
    #expect(schedule.record.source == .program && schedule.definition?.payload == ["day": "today"])
    #expect(schedule.nextSlot?.rfc3339 == "2026-01-01T17:00:00.000Z")
    await #expect(throws: ScheduleError.self) { try await engine.schedule("x", Report(day: ""), "often") }
    // A file that is read has no say in it.
    try await engine.declareSchedules([:])
    #expect(try await engine.schedule("report") != nil)
    try await engine.unschedule("report")
    #expect(try await engine.schedules().isEmpty)
  }

  @Test func `of a program has keys as jobs have them`() async throws {
    struct Sync: Job {
      static let kind: JobKind = "sync"
      func run(_ context: JobContext) async throws {}
    }
    let test = try await TestEngine.fresh()
    try await test.engine.register(Sync.self)
    var options = ScheduleOptions()
    options.limitKey = "acme"
    options.throttle = .by("sync", 2, per: .seconds(5_400))
    try await test.engine.schedule("s", Sync(), "* * * * *", options)
    let stored = try #require(try await test.engine.schedule("s")?.definition).options
    #expect(stored.limitKey == "acme" && stored.throttle == options.throttle)
    for _ in 0..<4 {
      test.clock.advance(by: .seconds(60))
      try await test.runUntilIdle()
    }
    let jobs = try await test.engine.jobs(JobFilter()).jobs
    #expect(jobs.count == 2)
    #expect(try await test.engine.job(jobs[0].id)?.limits.limitKey == "acme")
    (options.throttle, options.debounce) = (nil, .byPayload(quiet: .seconds(90), atMost: .seconds(600)))
    try await test.engine.schedule("s", Sync(), "* * * * *", options)
    #expect(try await test.engine.schedule("s")?.definition?.options.debounce == options.debounce)
    (options.debounce, options.unique) = (nil, .by("k"))
    try await test.engine.schedule("s", Sync(), "* * * * *", options)
    #expect(try await test.engine.schedule("s")?.definition?.options.unique == options.unique)
    options.throttle = .byPayload(per: .seconds(1))
    await #expect(throws: ScheduleError.self) { try await test.engine.schedule("s", Sync(), "* * * * *", options) }
  }
}
