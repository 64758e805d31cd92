import Foundation
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftJobs

/// A suite about the script of the kind `sample`, run by an engine.
protocol RunsScripts {
  var folder: TemporaryFolder { get }
  var test: TestEngine { get }
}

extension RunsScripts {
  /// - Parameter started: Tells when an attempt begins.
  static func engine(tellingOf started: Signal) async throws -> TestEngine {
    var configuration = EngineConfiguration()
    configuration.middleware = [StartSignal(signal: started)]
    return try await TestEngine(configuration: configuration)
  }

  /// Registers the jobs that were written, and enqueues one of the kind `sample`.
  func enqueue(_ script: String, _ manifest: String = "", payload: String = "{}") async throws -> JobID {
    try folder.write(script, to: "jobs/sample/run.sh")
    try folder.write("command: [bash, run.sh]\n\(manifest)", to: "jobs/sample/job.yaml")
    let jobs = ScriptJobs(
      folder: "\(folder.path)/jobs", registry: test.engine,
      environment: ScriptEnvironment(inherited: ProcessInfo.processInfo.environment),
      scratch: try ScratchSpace(root: "\(folder.path)/scratch", name: "\(test.engine.workerID)"),
      clock: test.clock,
      logger: test.engine.logger)
    try await jobs.load()
    return try await enqueueAgain(payload: payload)
  }

  /// Enqueues another job of the kind.
  func enqueueAgain(payload: String = "{}") async throws -> JobID {
    let draft = JobDraft(kind: "sample", payload: Array(payload.utf8))
    return try #require(try await test.engine.submit([draft], actor: .system).first).id
  }

  func detail(_ id: JobID) async throws -> JobDetail { try #require(try await test.engine.job(id)) }
}

private struct StartSignal: JobMiddleware {
  let signal: Signal

  func aroundRun(_ context: JobContext, next: @Sendable () async throws -> Void) async throws {
    signal.fire()
    try await next()
  }
}
