import Foundation
import Logging
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(5))) struct `The folder of script jobs` {
  private let folder: TemporaryFolder
  private let registry: RecordingRegistry
  private let clock = TestClock()
  private let changed = Signal()

  init() throws {
    folder = try TemporaryFolder()
    registry = RecordingRegistry { [changed] in changed.fire() }
  }

  private func jobs() throws -> ScriptJobs {
    ScriptJobs(
      folder: "\(folder.path)/jobs", registry: registry, environment: ScriptEnvironment(inherited: [:]),
      scratch: try ScratchSpace(root: "\(folder.path)/scratch", name: "\(WorkerID(rawValue: 1))"),
      clock: clock,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  @Test func `need not exist`() async throws {
    let jobs = try jobs()

    try await jobs.load()

    #expect(registry.calls.isEmpty)
    #expect(jobs.problems.isEmpty)
  }

  @Test func `registers each folder with a manifest`() async throws {
    try folder.write("command: [true]\nqueue: slow", to: "jobs/report/job.yaml")
    try folder.write("kind: other\ncommand: [true]", to: "jobs/second/job.yaml")
    try folder.write("just a file", to: "jobs/README.md")
    try folder.write("no manifest", to: "jobs/notes/text.txt")
    try folder.write("command: [true]", to: "jobs/.hidden/job.yaml")

    try await jobs().load()

    #expect(registry.kinds == ["other", "report"])
    let report = try #require(registry.registration("report"))
    #expect(report.options.queue == "slow")
    #expect(report.source == "jobs/report/job.yaml")
    #expect(report.runsOutside)
  }

  @Test func `reads again only what has changed`() async throws {
    try folder.write("command: [true]", to: "jobs/a/job.yaml")
    try folder.write("command: [true]", to: "jobs/b/job.yaml")
    let jobs = try jobs()
    try await jobs.load()
    try folder.write("command: [true]\nmaxAttempts: 9", to: "jobs/b/job.yaml")

    try await jobs.load()

    #expect(registry.calls == ["+a", "+b", "+b"])
    #expect(registry.registration("b")?.options.maxAttempts == 9)
  }

  @Test func `keeps what was right when a manifest breaks, and forgets the fault when it is mended`()
    async throws
  {
    try folder.write("command: [true]\nmaxAttempts: 2", to: "jobs/a/job.yaml")
    let jobs = try jobs()
    try await jobs.load()

    try folder.write("command: [true]\nmaxAttempts: two", to: "jobs/a/job.yaml")
    try await jobs.load()

    #expect(registry.registration("a")?.options.maxAttempts == 2)
    #expect(
      jobs.problems.map(\.description)
        == ["jobs/a/job.yaml:2: `maxAttempts` must be a whole number from 1 to 1000"])

    try folder.write("command: [true]\nmaxAttempts: 3", to: "jobs/a/job.yaml")
    try await jobs.load()

    #expect(registry.registration("a")?.options.maxAttempts == 3)
    #expect(jobs.problems.isEmpty)
  }

  @Test func `follows a folder that is renamed or removed`() async throws {
    try folder.write("command: [true]", to: "jobs/a/job.yaml")
    try folder.write("kind: fixed\ncommand: [true]", to: "jobs/b/job.yaml")
    let jobs = try jobs()
    try await jobs.load()

    try FileManager.default.moveItem(atPath: "\(folder.path)/jobs/a", toPath: "\(folder.path)/jobs/c")
    try FileManager.default.moveItem(atPath: "\(folder.path)/jobs/b", toPath: "\(folder.path)/jobs/d")
    try await jobs.load()

    #expect(registry.kinds == ["c", "fixed"])
    #expect(registry.registration("fixed")?.source == "jobs/d/job.yaml")

    try folder.remove("jobs/c")
    try folder.remove("jobs/d")
    try await jobs.load()

    #expect(registry.kinds.isEmpty)
  }

  @Test func `lets no two folders have one kind, nor one that is built in`() async throws {
    try folder.write("kind: same\ncommand: [true]", to: "jobs/a/job.yaml")
    try folder.write("kind: same\ncommand: [false]", to: "jobs/b/job.yaml")
    try folder.write("command: [true]", to: "jobs/http/job.yaml")
    let jobs = try jobs()

    try await jobs.load()

    #expect(registry.calls == ["+same"])
    #expect(registry.registration("same")?.source == "jobs/a/job.yaml")
    #expect(
      jobs.problems.map(\.description) == [
        "jobs/b/job.yaml: the kind `same` is already that of jobs/a/job.yaml; "
          + "give one of them another `kind`",
        "jobs/http/job.yaml: the kind `http` is built in; give the job another `kind`",
      ])
  }

  @Test func `is watched while it runs`() async throws {
    let jobs = try jobs()
    try await jobs.load()
    let running = Task { try await jobs.run() }
    try folder.write("command: [true]", to: "jobs/new/job.yaml")

    await advanceUntil { registry.kinds == ["new"] }
    try folder.remove("jobs/new")
    await advanceUntil { registry.kinds.isEmpty }

    running.cancel()
    try await running.value
  }

  /// Moves the clock from look to look until what is waited for has come about.
  private func advanceUntil(_ condition: () -> Bool) async {
    while !condition() {
      clock.advance(by: ScriptJobs.interval)
      await Task.yield()
    }
  }
}

@Suite struct `The scratch space` {
  @Test func `clears away what a dead process has left, and nothing else`() throws {
    let folder = try TemporaryFolder()
    let living = try ScratchSpace(root: "\(folder.path)/scratch", name: "\(WorkerID(rawValue: 1))")
    try folder.write("left", to: "scratch/\(WorkerID(rawValue: 2))/job-1/file")
    try folder.write("not ours", to: "scratch/keep/file")

    try withExtendedLifetime(living) {
      let own = try ScratchSpace(root: "\(folder.path)/scratch", name: "\(WorkerID(rawValue: 3))")
      try withExtendedLifetime(own) {
        let names = try folder.contents(of: "scratch").sorted()
        #expect(names == ["keep", "\(WorkerID(rawValue: 1))", "\(WorkerID(rawValue: 3))"].sorted())
      }
    }
  }
}
