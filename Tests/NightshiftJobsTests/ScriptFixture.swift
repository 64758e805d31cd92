import Foundation
import Nightshift

@testable import NightshiftJobs

/// A job's folder with one bash script, and all that is needed to run it.
struct ScriptFixture {
  let folder: TemporaryFolder
  let reporter: RecordingReporter
  var resources = JobResources()
  var command = ["bash", "run.sh"]
  var variables: [String: JobManifest.Variable] = [:]
  var grace = Duration.seconds(5)
  var inherited = [
    "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "SECRET": "hidden",
  ]

  init(_ script: String, reporter: RecordingReporter = RecordingReporter()) throws {
    folder = try TemporaryFolder()
    self.reporter = reporter
    try folder.write(script, to: "jobs/sample/run.sh")
  }

  var jobFolder: String { "\(folder.path)/jobs/sample" }

  /// Runs the script and returns its result as text.
  func run(_ payload: String = "{}", attempt: ScriptAttempt = .sample) async throws -> String? {
    let manifest = JobManifest(
      kind: "sample", options: KindOptions(), command: command, environment: variables, resources: resources)
    let scratch = try ScratchSpace(root: "\(folder.path)/scratch", name: "\(WorkerID(rawValue: 1))")
    let runner = ScriptRunner(
      manifest: manifest, folder: jobFolder,
      environment: ScriptEnvironment(inherited: inherited, serverURL: { "http://127.0.0.1:8080" }),
      scratch: scratch, grace: grace)
    let result = try await runner.run(attempt, payload: Array(payload.utf8), reporter: reporter)
    return result.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Runs the script, which must fail, and returns why.
  func failure(_ payload: String = "{}") async throws -> (isPermanent: Bool, failure: Failure) {
    do {
      _ = try await run(payload)
    } catch let error as PermanentFailureRecord {
      return (true, error.failure)
    } catch let error as PermanentFailure {
      return (true, Failure(type: "PermanentFailure", message: error.description))
    } catch let error as RetryableFailure {
      return (false, Failure(type: error.type, message: error.description, detail: error.detail))
    }
    throw NoFailure()
  }

  struct NoFailure: Error {}
}

extension ScriptAttempt {
  static let sample = ScriptAttempt(
    id: "job_0000000000001", kind: "sample", queue: "mail", attempt: 2, failures: 1, maxAttempts: 3,
    deadline: Timestamp(microseconds: 1_767_268_800_000_000), tags: ["a"], traceparent: "00-1-2-01",
    worker: "wrk_1")
}

/// Waits for one event of a test.
final class Signal: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func fire() { continuation.yield() }

  func wait() async { for await _ in stream { return } }
}

/// Whether a process is there and not just waiting to be reaped.
func isAlive(_ pid: Int32) -> Bool {
  guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
  let state = status.split(separator: ")").last?.split(separator: " ").first
  return state != "Z" && state != "X"
}
