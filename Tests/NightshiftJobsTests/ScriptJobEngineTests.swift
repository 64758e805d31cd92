import Foundation
import Logging
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(5))) struct `A script job in an engine`: RunsScripts {
  let folder: TemporaryFolder
  let test: TestEngine
  let started = Signal()

  init() async throws {
    folder = try TemporaryFolder()
    test = try await Self.engine(tellingOf: started)
  }

  @Test func `finds the results of the jobs that it has waited for in its context`() async throws {
    try await test.engine.register("number", payload: Int.self) { number, _ -> Int in
      if number < 0 { throw PermanentFailure("negative") }
      return number
    }
    _ = try await enqueue(#"cat "$NIGHTSHIFT_CONTEXT""#)
    var drafts = ["41", "-1"].map { JobDraft(kind: "number", payload: Array($0.utf8)) }
    for (index, ref) in ["good", "bad"].enumerated() { drafts[index].ref = ref }
    var options = JobOptions()
    options.dependsOn = [.ref("good"), .ref("bad")]
    options.onDeath = .continue
    drafts.append(JobDraft(kind: "sample", payload: Array("{}".utf8), options: options))
    let ids = try await test.engine.submit(drafts, actor: .system).map(\.id)

    try await test.runUntilIdle()

    let context = try JSONValue(parsing: try #require(try await detail(ids[2]).result))
    #expect(
      context["dependencies"] == [
        ["id": .string("\(ids[0])"), "ref": "good", "state": "completed", "result": 41],
        ["id": .string("\(ids[1])"), "ref": "bad", "state": "dead"],
      ])
  }

  @Test func `leaves its result, log, progress and artifacts with the job`() async throws {
    let id = try await enqueue(
      """
      echo hello
      echo '{"$progress": 0.5, "message": "half"}'
      echo contents >file.txt
      echo '{"$artifact": "file.txt"}'
      echo '{"answer": 42}'
      """)

    try await test.runUntilIdle()

    let job = try await detail(id)
    #expect(job.summary.state == .completed)
    #expect(job.result.map { String(decoding: $0, as: UTF8.self) } == #"{"answer": 42}"#)
    #expect(job.logs.map(\.message).contains("hello"))
    #expect(job.progress?.fraction == 0.5)
    let artifact = try #require(try await test.engine.artifact("file.txt", of: id))
    #expect(artifact.record.type == "text/plain")
    #expect(String(decoding: artifact.bytes, as: UTF8.self) == "contents\n")
  }

  @Test func `is tried again as its manifest says, and dies with its last words`() async throws {
    let id = try await enqueue("echo broken >&2; exit 3", "maxAttempts: 2\nbackoff: [10s]")

    #expect(try await test.runUntilIdle() == 1)
    #expect(try await detail(id).summary.state == .scheduled)
    test.clock.advance(by: .seconds(10))
    #expect(try await test.runUntilIdle() == 1)

    let job = try await detail(id)
    #expect(job.summary.state == .dead)
    #expect(job.error?.type == "exit 3")
    #expect(job.error?.message == "exited with 3: broken")
    #expect(job.error?.detail == "broken\n")
  }

  @Test func `is stopped when its time is over`() async throws {
    let id = try await enqueue("sleep 1000", "timeout: 30s\nmaxAttempts: 1")
    let running = Task { try await test.runUntilIdle() }
    await started.wait()

    test.clock.advance(by: .seconds(31))
    _ = try await running.value

    let job = try await detail(id)
    #expect(job.summary.state == .dead)
    #expect(job.error?.type == "timeout")
    #expect(job.error?.message.contains("30s") == true)
  }

  @Test func `is refused when its payload does not fit`() async throws {
    await #expect(throws: SubmissionError.self) {
      try await enqueue("true", "payload: {type: object, required: [month]}")
    }
  }
}
