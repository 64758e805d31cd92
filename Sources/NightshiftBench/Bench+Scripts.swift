import CChildProcess
import Foundation
import Logging
import Nightshift
import NightshiftJobs
import Synchronization

extension Bench {
  /// Script jobs, a process each, beside a bare loop that spawns the same program, as many at a time as the worker has
  /// slots: `/bin/cat` gets the payload on standard input and its output is read to the end.
  func scripts() async throws -> Figure {
    let count = max(200, jobs / 20)
    let slots = EngineConfiguration().concurrency
    let limit = try await spawnRate(count, slots)
    try remove("scripts")
    try writeJob()
    let engine = try await engine("scripts")
    let scripts = ScriptJobs(
      folder: "\(folder)/jobs", registry: engine,
      environment: ScriptEnvironment(inherited: ProcessInfo.processInfo.environment),
      scratch: try ScratchSpace(root: folder, name: "scratch"), clock: SystemClock(),
      logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
    try await scripts.load()
    let drafts = (0..<count).map { JobDraft(kind: "cat", payload: Array("{\"number\":\($0)}".utf8)) }
    _ = try await engine.submit(drafts, actor: .system)
    var run: Task<Void, any Error>?
    let time = try await Self.seconds {
      run = Task { try await engine.run() }  // ended by close()
      try await Self.waitForCompletion(of: count, engine, lookingEvery: .milliseconds(10))
    }
    await engine.close()
    try await run?.value
    try remove("scripts")
    return .rate("script jobs", count, time, limit: (limit + (try await spawnRate(count, slots))) / 2)
  }

  private func writeJob() throws {
    let job = "\(folder)/jobs/cat"
    try FileManager.default.createDirectory(atPath: job, withIntermediateDirectories: true)
    try Data("command: [/bin/cat]\n".utf8).write(to: URL(fileURLWithPath: "\(job)/job.yaml"))
  }

  private func spawnRate(_ count: Int, _ threads: Int) async throws -> Double {
    let time = try await Self.seconds {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for thread in 0..<threads {
          group.addTask {
            try await Self.onThread { try Self.spawn(count / threads + (thread < count % threads ? 1 : 0)) }
          }
        }
        try await group.waitForAll()
      }
    }
    return Double(count) / time
  }

  /// On a thread of its own, since it blocks.
  static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
      Thread { continuation.resume(with: Result(catching: body)) }.start()
    }
  }

  private static func spawn(_ count: Int) throws {
    for number in 0..<count { try spawnCat("{\"number\":\(number)}\n") }
  }

  private static func spawnCat(_ input: String) throws {
    var (stdin, stdout) = ([Int32](repeating: 0, count: 2), [Int32](repeating: 0, count: 2))
    guard nightshift_child_pipe(&stdin) == 0, nightshift_child_pipe(&stdout) == 0 else {
      throw BenchmarkError("no pipes left")
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, stdin[0], 0)
    posix_spawn_file_actions_adddup2(&actions, stdout[1], 1)
    var pid: pid_t = 0
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("cat"), nil]
    defer { free(arguments[0]) }
    guard posix_spawn(&pid, "/bin/cat", &actions, nil, arguments, environ) == 0 else {
      throw BenchmarkError("/bin/cat cannot be started")
    }
    close(stdin[0])
    close(stdout[1])
    _ = write(stdin[1], input, input.utf8.count)
    close(stdin[1])
    var buffer = [UInt8](repeating: 0, count: 4096)
    while read(stdout[0], &buffer, buffer.count) > 0 {}
    close(stdout[0])
    var status: Int32 = 0
    waitpid(pid, &status, 0)
  }
}
