import Foundation
import Logging
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftJobs

@Suite struct `A schedules file` {
  private func read(_ text: String) throws -> ScheduleFile {
    try ScheduleFile(parsing: text, file: "scheduler.yaml", ZoneTimelines())
  }

  @Test func `declares schedules with their fields`() throws {
    let file = try read(
      """
      schedules:
        nightly-report:
          expression: "0 2 * * *"
          zone: Europe/Berlin
          kind: report
          payload: {days: 1, to: [ops]}
          catchUp: last 3
          enabled: false
        heartbeat: {expression: every 90s, kind: http}
      """)
    #expect(file.entries.keys.sorted() == ["heartbeat", "nightly-report"])
    #expect(file.entries["nightly-report"]?["payload"] == ["days": 1, "to": ["ops"]])
    #expect(file.entries["nightly-report"]?["enabled"] == false)
  }

  @Test(arguments: ["schedules: {}\n", "enabled: false\nschedules: {}\n"])
  func `may declare none`(_ text: String) throws {
    #expect(try read(text).entries.isEmpty)
  }

  @Test(arguments: [
    ("", "the file is empty"), ("# nothing yet\n", "the file is empty"), ("schedules:\n", "`schedules` is empty"),
    ("enabled: true\n", "`schedules` is missing"),
  ])
  func `that says nothing is a mistake, and no wish to end all`(_ text: String, _ words: String) throws {
    let error = #expect(throws: ManifestError.self) { try read(text) }
    let message = error?.problems.map(\.message).joined() ?? ""
    #expect(message == "\(words); to end all schedules that the file declares, write `schedules: {}`")
  }

  @Test func `may switch all of its schedules off`() throws {
    let file = try read("enabled: false\nschedules:\n  a: {expression: '@daily', kind: k, enabled: true}\n")
    #expect(file.entries["a"]?["enabled"] == false)
  }

  @Test func `is refused with every mistake, each with its line`() throws {
    let error = #expect(throws: ManifestError.self) {
      try read(
        """
        shedules: {}
        schedules:
          good: {expression: "@daily", kind: k}
          bad:
            expression: "61 * * * *"
            zone: Europe/Berlni
            kind: k
            quue: mail
          worse:
            expression: "@daily"
          no good: {}
          odd: 7
        """)
    }
    let problems = try #require(error).problems
    let expected: [(Int, String)] = [
      (1, "did you mean `schedules`?"), (5, "schedule `bad`: `expression` the field \"minute\" is \"61\""),
      (6, "did you mean Europe/Berlin?"), (8, "`quue` is not a known field: did you mean `queue`?"),
      (10, "schedule `worse`: `kind` is missing"), (11, "a schedule is called \"no good\""),
      (12, "schedule `odd` must be a map"),
    ]
    #expect(problems.count == expected.count)
    for (problem, (line, text)) in zip(problems, expected) {
      #expect(problem.line == line && problem.message.contains(text), "\(problem)")
    }
  }

  @Test func `may throttle and debounce, with a line for what cannot be`() throws {
    let file = try read(
      """
      schedules:
        a: {expression: '@daily', kind: k, debounce: {key: c, quiet: 30s, atMost: 10m}}
        b: {expression: '@daily', kind: k, throttle: {limit: 3, per: 1h}}
      """)
    #expect(file.entries["a"]?["debounce"] == ["key": "c", "quiet": "30s", "atMost": "10m"])
    let error = #expect(throws: ManifestError.self) {
      try read(
        """
        schedules:
          a:
            expression: '@daily'
            kind: k
            debounce: {quite: 30s}
          b:
            expression: '@daily'
            kind: k
            jitter: 5m
            throttle: {per: 1h, excess: later}
          c:
            expression: '@daily'
            kind: k
            unique: {key: k}
            throttle: {per: 1h}
        """)
    }
    let expected: [(Int, String)] = [
      (5, "`debounce/quite` is not a known field: did you mean `quiet`?"), (5, "`debounce/quiet` is missing"),
      (9, "`jitter` and `throttle` both say when the job is due"), (15, "`throttle` and `unique` both say"),
    ]
    let problems = try #require(error).problems
    #expect(problems.count == expected.count, "\(problems)")
    for (problem, (line, text)) in zip(problems, expected) {
      #expect(problem.line == line && problem.message.contains(text), "\(problem)")
    }
  }

  @Test func `that is no YAML says so`() {
    #expect(throws: ManifestError.self) { try read("schedules: [") }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A watched schedules file` {
  private let test: TestEngine
  private let watch: ScheduleFileWatch
  private let path: String

  init() async throws {
    test = try await TestEngine()
    path = test.folder.appending(path: "scheduler.yaml").path
    watch = ScheduleFileWatch(
      path: path, engine: test.engine, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  private func write(_ names: String..., expression: String = "@daily") throws {
    let entries = names.map { "  \($0): {expression: '\(expression)', kind: k}\n" }
    try ("schedules:\n" + entries.joined()).write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func names() async throws -> [String] { try await test.engine.schedules().map(\.record.name) }

  @Test func `declares what it holds, and a change replaces it`() async throws {
    await watch.load()
    #expect(try await names() == [])
    try write("a", "b")
    await watch.load()
    #expect(try await names() == ["a", "b"])
    try write("b", "c", expression: "@hourly")
    await watch.load()
    #expect(try await names() == ["b", "c"])
    #expect(try await test.engine.schedule("b")?.definition?.expression == "@hourly")
  }

  @Test func `that is broken or gone changes nothing`() async throws {
    try write("a")
    await watch.load()
    try "schedules:\n  a: {}\n".write(toFile: path, atomically: true, encoding: .utf8)
    await watch.load()
    #expect(watch.problems.map(\.line) == [2, 2])
    #expect(try await names() == ["a"])
    try FileManager.default.removeItem(atPath: path)
    await watch.load()
    #expect(try await names() == ["a"] && watch.problems.isEmpty)
  }

  @Test func `that was cut off on its way ends nothing, and one that declares none does`() async throws {
    try write("a", "b")
    await watch.load()
    _ = try await test.engine.editSchedule("a", ["enabled": false], by: .system)
    try "".write(toFile: path, atomically: true, encoding: .utf8)
    await watch.load()
    #expect(try await names() == ["a", "b"] && watch.problems.count == 1)
    #expect(try await test.engine.schedule("a")?.record.overridden == ["enabled": false])
    try "schedules: {}\n".write(toFile: path, atomically: true, encoding: .utf8)
    await watch.load()
    #expect(try await names() == [] && watch.problems.isEmpty)
  }

  @Test func `is read again when it has changed`() async throws {
    try write("a")
    await watch.load()
    try write("a", "b")
    let task = Task { try await watch.run() }
    while try await names() != ["a", "b"] {
      test.clock.advance(by: ScriptJobs.interval)
      await Task.yield()
    }
    task.cancel()
    try await task.value
  }
}
