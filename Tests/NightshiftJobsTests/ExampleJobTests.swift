import Foundation
import NIOHTTP1
import Nightshift
import TestSupport
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(5))) struct `An example job` {
  private static let jobs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "examples/jobs").path(percentEncoded: false)

  private let reporter = RecordingReporter()

  /// Runs one attempt of the example and returns its result.
  private func run(
    _ name: String, _ payload: JSONValue = [:], attempt: ScriptAttempt = .sample, server: String? = nil
  ) async throws -> JSONValue {
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: "\(Self.jobs)/\(name)/job.yaml", encoding: .utf8)
    let manifest = try JobManifest(parsing: text, file: "jobs/\(name)/job.yaml", folder: name)
    #expect(manifest.schema?.faults(in: payload) ?? [] == [])
    let runner = ScriptRunner(
      manifest: manifest, folder: "\(Self.jobs)/\(name)",
      environment: ScriptEnvironment(inherited: ProcessInfo.processInfo.environment, serverURL: { server }),
      scratch: try ScratchSpace(root: "\(folder.path)/scratch", name: "\(WorkerID(rawValue: 1))"))
    let result = try await runner.run(attempt, payload: payload.serialized(), reporter: reporter)
    return try JSONValue(parsing: result ?? Array("null".utf8))
  }

  @Test func `summarises a page of the server`() async throws {
    let server = try await StubServer.start(
      .response(503, headers: ["Content-Type": "application/json"], body: #"{"ready":false,"checks":[]}"#))

    let result = try await run("summarise-page", ["path": "/readyz"], server: server.url)

    #expect(result["status"] == 503)
    #expect(result["shape"] == "an object of checks, ready")
    #expect(result["values"] == ["ready": false])
  }

  @Test func `compresses a log`() async throws {
    let result = try await run("compress-log", ["lines": 1000])

    #expect(result["file"] == "machine.log")
    #expect(result["bytes"]?.intValue ?? 0 > 2 * (result["compressed"]?.intValue ?? 0))
    #expect(reporter.artifacts.map(\.name) == ["machine.log.gz"])
    #expect(reporter.artifacts.map(\.type) == ["application/gzip"])
  }

  @Test func `makes a report of the machine`() async throws {
    let result = try await run("make-report", ["title": "Machines & <men>"])

    #expect(result["processors"]?.intValue == ProcessInfo.processInfo.processorCount)
    #expect(reporter.artifacts.first?.type == "text/html")
    #expect(reporter.artifacts.first?.text.contains("<h1>Machines &amp; &lt;men&gt;</h1>") == true)
  }

  @Test func `is flaky until its third attempt`() async throws {
    var attempt = ScriptAttempt.sample
    attempt.failures = 1
    await #expect(throws: RetryableFailure.self) { try await run("flaky", attempt: attempt) }

    attempt.failures = 2
    attempt.attempt = 3
    #expect(try await run("flaky", attempt: attempt) == ["attempts": 3])
  }

  @Test func `is hopeless`() async throws {
    await #expect(throws: RetryableFailure.self) { try await run("hopeless") }
  }
}
