import CFlightRecorder
import Foundation
@testable import Nightshift
import NightshiftSQLite
import NightshiftTesting
import Synchronization
import Testing

@Suite struct `The flight recorder` {
  private let folder: URL
  private var path: String { folder.appendingPathComponent("a.flight").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("nightshift-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  @Test func `blames those that were under way when signals were not witnessed`() throws {
    let recorder = try FlightRecorder(path: path, slots: 4, witnessesSignals: false)
    recorder.begin(JobID(rawValue: 7), slot: 0)
    recorder.begin(JobID(rawValue: 8), slot: 3)
    recorder.begin(JobID(rawValue: 9), slot: 1)
    recorder.end(slot: 1)
    let report = FlightReport.read(path: path)
    #expect(report.blamed == [JobID(rawValue: 7), JobID(rawValue: 8)])
    FlightReport.remove(path: path)
    #expect(FlightReport.read(path: path).blamed.isEmpty)
  }

  @Test func `blames nobody after a good end`() throws {
    let recorder = try FlightRecorder(path: path, slots: 1, witnessesSignals: false)
    recorder.begin(JobID(rawValue: 7), slot: 0)
    recorder.close()
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test(
    arguments: [
      (cause: 11, witnessed: 1, blames: true), (-1, 1, true), (0, 1, false), (0, 0, true),
    ] as [(cause: Int64, witnessed: Int64, blames: Bool)])
  func `weighs the evidence`(_ evidence: (cause: Int64, witnessed: Int64, blames: Bool)) throws {
    let recorder = try FlightRecorder(path: path, slots: 1, witnessesSignals: false)
    recorder.begin(JobID(rawValue: 7), slot: 0)
    try withExtendedLifetime(recorder) {
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      for (cell, value) in [
        (nightshift_cell_cause, evidence.cause), (nightshift_cell_witnessed, evidence.witnessed),
      ] {
        try file.seek(toOffset: UInt64(cell) * 8)
        try file.write(contentsOf: withUnsafeBytes(of: value.littleEndian) { Data($0) })
      }
      try file.close()
    }
    let report = FlightReport.read(path: path)
    #expect(report.blamed.isEmpty == !evidence.blames, "\(report.cause)")
  }

  @Test(arguments: [[], [1, 2, 3], Array(repeating: 0x41, count: 200)] as [[UInt8]])
  func `does not believe a foreign file`(_ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(filePath: path))
    #expect(FlightReport.read(path: path).blamed.isEmpty)
    #expect(FlightReport.read(path: nil).blamed.isEmpty)
  }
}

/// An engine as the binary has it, in a folder that outlives the process.
private func crashable(_ folder: String) async throws -> Engine {
  var configuration = EngineConfiguration()
  configuration.recorderFolder = folder + "/recorders"
  configuration.witnessesSignals = true
  configuration.concurrency = 2
  return try await Engine(
    .sqlite(path: folder + "/nightshift.db"), configuration: configuration, logger: quiet)
}

/// Runs the engine in this process until a handler ends it.
private func crash(in folder: String, by end: @escaping @Sendable () -> Never) async throws {
  let engine = try await crashable(folder)
  try await engine.register("bad", payload: Int.self) { _, _ in end() }
  try await engine.run()
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct `A process that dies with a job in hand` {
  private let database: SharedDatabase
  private let id: JobID

  init() async throws {
    database = try SharedDatabase()
    let engine = try await crashable(database.folder.path)
    try await engine.register("bad", payload: Int.self) { _, _ in }
    id = try await engine.add("bad")
    await engine.close()
  }

  /// The job as the next process finds it.
  private func next() async throws -> JobDetail? {
    let engine = try await crashable(database.folder.path)
    let job = try await engine.job(id)
    await engine.close()
    return job
  }

  @Test func `by fatalError is the job's fault, and the third time is the last`() async throws {
    let folder = database.folder.path
    for crashes in 1...3 {
      await #expect(processExitsWith: .failure) { [folder = folder as String] in
        try await crash(in: folder) { fatalError("poison") }
      }
      let job = try await next()
      #expect(job?.summary.crashes == crashes)
      #expect(job?.summary.state == (crashes < 3 ? .scheduled : .dead))
      #expect(job?.attempts.last?.outcome == "crashed")
      #expect(job?.error?.message.contains("died of signal") == true)
    }
  }

  @Test func `by a call of exit is the job's fault`() async throws {
    let folder = database.folder.path
    await #expect(processExitsWith: .exitCode(3)) { [folder = folder as String] in
      try await crash(in: folder) { exit(3) }
    }
    #expect(try await next()?.summary.crashes == 1)
  }

  @Test func `by kill -9 is nobody's fault, and the job is back at once`() async throws {
    let folder = database.folder.path
    for attempt in 1...4 {
      await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
        try await crash(in: folder) {
          kill(getpid(), SIGKILL)
          while true {}
        }
      }
      let job = try await next()
      #expect(job?.summary.crashes == 0 && job?.summary.failures == 0 && job?.summary.attempt == attempt)
      #expect(job?.summary.state == .scheduled)
      #expect(job?.attempts.last?.outcome == "lost")
      // From the eleventh loss on it waits; nobody waits here.
      let engine = try await crashable(database.folder.path)
      _ = try await engine.retry([id], by: .system)
      await engine.close()
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A suspect` {
  @Test func `runs with nothing beside it, and the others go on afterwards`() async throws {
    var configuration = EngineConfiguration()
    configuration.concurrency = 4
    let test = try await TestEngine.fresh(configuration: configuration)
    let counts = Mutex((running: 0, beside: 0, most: 0))
    try await test.engine.register("k", payload: Int.self) { isSuspect, _ in
      counts.withLock { counts in
        counts.running += 1
        if isSuspect == 1 { counts.beside = max(counts.beside, counts.running) }
        counts.most = max(counts.most, counts.running)
      }
      for _ in 0..<200 { await Task.yield() }
      counts.withLock { $0.running -= 1 }
    }
    var ids: [JobID] = []
    for number in 0..<60 { ids.append(try await test.engine.add("k", number % 20 == 10 ? "1" : "0")) }
    _ = try await test.engine.store.write { transaction in
      try transaction.execute(
        """
        UPDATE nightshift_jobs SET crashes = 1 WHERE id IN (SELECT id FROM nightshift_payloads WHERE payload = ?)
        """, [.bytes(Array("1".utf8))])
    }
    try await test.engine.whileRunning {
      for id in ids { _ = try await test.engine.waitUntil(id, is: .completed) }
    }
    #expect(counts.withLock { $0.beside } == 1)
    #expect(counts.withLock { $0.most } > 1)
  }

  @Test func `goes back to the queue when the others do not finish in time`() async throws {
    let test = try await TestEngine.fresh()
    let (begun, release) = (Signal(), Signal())
    try await test.engine.register("long", payload: Int.self) { _, _ in
      begun.signal()
      await release.wait()
    }
    try await test.engine.register("bad", payload: Int.self) { _, _ in }
    _ = try await test.engine.add("long")
    try await test.engine.whileRunning {
      await begun.wait()
      let suspect = try await test.engine.store.write { transaction in
        let id = JobID(rawValue: 77)
        _ = try transaction.insert(
          [NewJob(id: id, kind: "bad", runAt: test.clock.now, payload: [0x31])], now: test.clock.now)
        try transaction.execute("UPDATE nightshift_jobs SET crashes = 1 WHERE id = 77")
        return id
      }
      await eventually { test.engine.worker.state.withLock { !$0.buffer.suspects.isEmpty } }
      test.clock.advance(by: LocalBuffer.patience)
      test.engine.worker.giveBackImpatientSuspects()
      let job = try await test.engine.waitUntil(suspect, is: .scheduled)
      #expect(job?.summary.failures == 0 && job?.attempts.isEmpty == true)
      #expect(job?.summary.runAt == test.clock.now + LocalBuffer.patience)
      release.signal()
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `The children of a dead worker` {
  /// A child with the mark of a worker, in a process group of its own.
  private func child(of worker: WorkerID) async throws -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var arguments = [strdup("sleep"), strdup("600"), nil]
    var environment = [strdup("\(OrphanedChildren.variable)=\(worker)"), nil]
    defer { for text in arguments + environment { free(text) } }
    var pid: pid_t = 0
    try #require(posix_spawn(&pid, "/bin/sleep", nil, &attributes, &arguments, &environment) == 0)
    // The kernel lets the parent go on a moment before it shows the environment of the new program.
    await eventually { FileManager.default.contents(atPath: "/proc/\(pid)/environ")?.isEmpty == false }
    return pid
  }

  @Test func `are ended, and those of others are not`() async throws {
    let number = Int64.random(in: 1...(1 << 60))
    let (lost, other) = (WorkerID(rawValue: number), WorkerID(rawValue: number + 1))
    let (doomed, spared) = (try await child(of: lost), try await child(of: other))
    #expect(OrphanedChildren.end(of: lost) == 1)
    var status: Int32 = 0
    #expect(waitpid(doomed, &status, 0) == doomed)
    #expect(status & 0x7f == SIGKILL)
    #expect(waitpid(spared, &status, WNOHANG) == 0)
    #expect(OrphanedChildren.end(of: lost) == 0)
    #expect(OrphanedChildren.end(of: other) == 1)
    #expect(waitpid(spared, &status, 0) == spared)
  }
}
