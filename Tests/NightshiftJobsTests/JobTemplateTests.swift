import Foundation
import Nightshift
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(5))) struct `The template of a job` {
  /// Writes the job as `nightshift create-job` does, and returns its folder.
  private func write(_ template: JobTemplate, in folder: TemporaryFolder) throws -> String {
    for file in template.files(name: "measure") {
      try folder.write(file.contents, to: "jobs/measure/\(file.path)")
      let path = "\(folder.path)/jobs/measure/\(file.path)"
      try FileManager.default.setAttributes(
        [.posixPermissions: file.isExecutable ? 0o755 : 0o644], ofItemAtPath: path)
    }
    return "\(folder.path)/jobs/measure"
  }

  private static let environment = ScriptEnvironment(inherited: ProcessInfo.processInfo.environment)

  /// Whether the template's language is installed. If not, that is said aloud.
  private func canRun(_ template: JobTemplate) -> Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let program = template == .swift ? "swiftc" : template.testCommand[0]
    guard case .failure(let missing) = CommandPath.resolve(program, in: path, from: "/") else { return true }
    Issue.record("not tested: the \(template.rawValue) template (\(missing.message))", severity: .warning)
    return false
  }

  @Test(arguments: JobTemplate.allCases)
  func `works as it is`(_ template: JobTemplate) async throws {
    guard canRun(template) else { return }
    let folder = try TemporaryFolder()
    let job = try write(template, in: folder)
    try folder.write("12345", to: "data/five")
    let manifest = try JobManifest(
      parsing: try folder.text(of: "jobs/measure/job.yaml"), file: "job.yaml", folder: "measure")
    #expect(manifest.schema?.faults(in: ["path": "/", "largest": 3]).isEmpty == true)
    let runner = ScriptRunner(
      manifest: manifest, folder: job, environment: Self.environment,
      scratch: try ScratchSpace(root: "\(folder.path)/scratch", name: "\(WorkerID(rawValue: 1))"))
    let reporter = RecordingReporter()

    let payload: JSONValue = ["path": .string("\(folder.path)/data")]
    let result = try await runner.run(.sample, payload: payload.serialized(), reporter: reporter)

    #expect(
      try JSONValue(parsing: try #require(result))
        == ["path": .string("\(folder.path)/data"), "files": 1, "bytes": 5])
    #expect(reporter.artifacts.count == 1)
    #expect(reporter.progress.last?.fraction == 1)
    await #expect(throws: Snooze.self) {
      try await runner.run(.sample, payload: Array(#"{"path": "/does/not/exist"}"#.utf8), reporter: reporter)
    }
  }

  @Test(arguments: JobTemplate.allCases)
  func `brings a test that passes`(_ template: JobTemplate) async throws {
    guard canRun(template) else { return }
    let folder = try TemporaryFolder()
    let job = try write(template, in: folder)
    let manifest = JobManifest(kind: "test", options: KindOptions(), command: template.testCommand)
    let runner = ScriptRunner(
      manifest: manifest, folder: job, environment: Self.environment,
      scratch: try ScratchSpace(root: "\(folder.path)/scratch", name: "\(WorkerID(rawValue: 1))"))

    _ = try await runner.run(.sample, payload: [], reporter: RecordingReporter())
  }
}
