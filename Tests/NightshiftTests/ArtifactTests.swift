@testable import Nightshift
import NightshiftTesting
import Testing

@Suite struct `An artifact` {
  private func attempt(_ body: @escaping @Sendable (JobContext) async throws -> Void) async throws -> (
    TestEngine, JobDetail
  ) {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self, options: KindOptions(maxAttempts: 1)) {
      _, context in
      try await body(context)
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    return (test, try #require(try await test.engine.job(id)))
  }

  @Test(arguments: [0, 1, ArtifactRecord.chunk, ArtifactRecord.chunk * 2 + 7])
  func `comes back as it was attached`(_ size: Int) async throws {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let (test, job) = try await attempt {
      try await $0.attach("a.bin", type: "application/octet-stream", bytes)
    }
    #expect(job.summary.state == .completed)
    #expect(job.artifacts.map(\.size) == [size])
    let artifact = try #require(try await test.engine.artifact("a.bin", of: job.summary.id))
    #expect(artifact.bytes == bytes)
    #expect(artifact.record.sha256 == Engine.fingerprint(bytes))
  }

  @Test func `replaces one with the same name, also of an earlier attempt`() async throws {
    let (test, job) = try await attempt { context in
      try await context.attach(
        "a", type: "text/plain", [UInt8](repeating: 1, count: ArtifactRecord.chunk + 1))
      try await context.attach("a", type: "text/csv", [2])
      try await context.attach("b", type: "text/plain", [UInt8(context.attempt)])
      if context.attempt == 1 { throw Snooze.for(.zero) }
      try await context.attach("a", type: "text/html", [3])
    }
    #expect(job.artifacts.map(\.name) == ["a", "b"])
    #expect(job.artifacts.map(\.type) == ["text/html", "text/plain"])
    #expect(try await test.engine.artifact("a", of: job.summary.id)?.bytes == [3])
    #expect(try await test.engine.artifact("b", of: job.summary.id)?.bytes == [2])
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_artifact_chunks") == ["2"])
  }

  @Test(arguments: ["", ".", "..", "a/b", "/etc/passwd", "a\nb", String(repeating: "x", count: 201)])
  func `needs a plain name`(_ name: String) async throws {
    let (_, job) = try await attempt { try await $0.attach(name, type: "text/plain", []) }
    #expect(job.error?.type == "ArtifactError" && job.artifacts.isEmpty)
  }

  @Test(arguments: ["", "text", "text/plain\r\nX: 1", "text/é"])
  func `needs a media type`(_ type: String) async throws {
    let (_, job) = try await attempt { try await $0.attach("a", type: type, []) }
    #expect(job.error?.message.contains("no media type") == true)
  }

  @Test func `may be as large as 32 MiB, and no larger`() async throws {
    let (_, job) = try await attempt { context in
      try await context.attach("a", type: "a/b", [UInt8](repeating: 0, count: ArtifactRecord.limit + 1))
    }
    #expect(job.error?.message.contains("33554433 bytes; at most 33554432") == true)
  }
}
