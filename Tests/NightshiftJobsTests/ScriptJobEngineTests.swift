import Foundation
import Logging
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(1))) struct `A script job in an engine` {
  private let folder: TemporaryFolder
  private let test: TestEngine
  private let started = Signal()

  init() async throws {
    folder = try TemporaryFolder()
    var configuration = EngineConfiguration()
    configuration.middleware = [StartSignal(signal: started)]
    test = try await TestEngine(configuration: configuration)
  }

  /// Tells when an attempt begins.
  private struct StartSignal: JobMiddleware {
    let signal: Signal

    func aroundRun(_ context: JobContext, next: @Sendable () async throws -> Void) async throws {
      signal.fire()
      try await next()
    }
  }

  /// Registers the jobs that were written, and enqueues one of the kind `sample`.
  private func enqueue(_ script: String, _ manifest: String = "", payload: String = "{}") async throws
    -> JobID
  {
    try folder.write(script, to: "jobs/sample/run.sh")
    try folder.write("command: [bash, run.sh]\n\(manifest)", to: "jobs/sample/job.yaml")
    let jobs = ScriptJobs(
      folder: "\(folder.path)/jobs", registry: test.engine,
      environment: ScriptEnvironment(inherited: ProcessInfo.processInfo.environment),
      scratch: try ScratchSpace(root: "\(folder.path)/scratch", name: "\(test.engine.workerID)"),
      clock: test.clock,
      logger: test.engine.logger)
    try await jobs.load()
    let draft = JobDraft(kind: "sample", payload: Array(payload.utf8))
    return try #require(try await test.engine.submit([draft], actor: .system).first).id
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

  private func detail(_ id: JobID) async throws -> JobDetail { try #require(try await test.engine.job(id)) }

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

  private func pending() async throws -> Checkpoint {
    var filter = CheckpointFilter()
    filter.states = [.pending]
    return try #require(try await test.engine.checkpoints(filter).checkpoints.first)
  }

  private static let asking = """
    state=$(jq -r '.checkpoints.send.state // "unasked"' "$NIGHTSHIFT_CONTEXT")
    case $state in
      approved) jq -c '{sent: .checkpoints.send.data.to, by: .checkpoints.send.by}' "$NIGHTSHIFT_CONTEXT" ;;
      rejected) echo '{"sent": false}' ;;
      *)
        echo '{"$checkpoint": {"key": "send", "title": "Send it?", "risk": "message", "data": {"to": "ada"}}}'
        exit 75 ;;
    esac
    """

  @Test func `asks people by a line and exit 75, and finds the answer in its context`() async throws {
    let id = try await enqueue(Self.asking)
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .waiting)
    let checkpoint = try await pending()
    #expect(checkpoint.title == "Send it?" && checkpoint.risk == "message")
    let ada = Actor(id: "ada", role: .approver)
    _ = try await test.engine.decide(checkpoint.id, Verdict(.approve, data: ["to": "ben"]), by: ada)
    try await test.runUntilIdle()
    #expect(try await detail(id).result == Array(#"{"sent":"ben","by":"ada"}"#.utf8))
  }

  @Test func `decides itself what a rejection means`() async throws {
    let id = try await enqueue(Self.asking)
    try await test.runUntilIdle()
    _ = try await test.engine.decide(try await pending().id, Verdict(.reject), by: .system)
    try await test.runUntilIdle()
    #expect(try await detail(id).result == Array(#"{"sent": false}"#.utf8))
  }

  @Test func `that asks and then ends has asked nothing`() async throws {
    let id = try await enqueue(
      """
      echo '{"$checkpoint": {"key": "send", "title": "Send it?"}}'
      """)
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .completed)
    #expect(try await test.engine.checkpoints(CheckpointFilter()).checkpoints.isEmpty)
  }

  @Test func `keeps steps, waits for signals, and finds both in its context`() async throws {
    let id = try await enqueue(
      """
      if [ "$(jq -r '.signals | has("paid")' "$NIGHTSHIFT_CONTEXT")" = true ]; then
        jq -c '{fetched: .steps.fetch, paid: .signals.paid}' "$NIGHTSHIFT_CONTEXT"
      else
        echo '{"$step": "fetch", "result": [1, 2]}'
        echo '{"$signal": "paid", "timeout": "1h"}'
        exit 75
      fi
      """)
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .waiting)
    try await test.engine.signal("paid", to: id, 7)
    try await test.runUntilIdle()
    #expect(try await detail(id).result == Array(#"{"fetched":[1,2],"paid":7}"#.utf8))
  }

  @Test func `asks all that it asks, and keeps the result that a step had first`() async throws {
    let id = try await enqueue(
      """
      echo "{\\"$(printf '$')step\\": \\"draft\\", \\"result\\": $NIGHTSHIFT_ATTEMPT}"
      if [ "$NIGHTSHIFT_ATTEMPT" -gt 2 ]; then jq -c '.steps' "$NIGHTSHIFT_CONTEXT"; exit 0; fi
      echo '{"$checkpoint": {"key": "a", "title": "A?"}}'
      echo '{"$checkpoint": {"key": "b", "title": "B?"}}'
      exit 75
      """)
    for title in ["A?", "B?"] {
      try await test.runUntilIdle()
      var filter = CheckpointFilter()
      filter.states = [.pending]
      let asked = try await test.engine.checkpoints(filter).checkpoints
      #expect(asked.contains { $0.title == title })
      _ = try await test.engine.decide(asked.first { $0.title == title }!.id, Verdict(.approve), by: .system)
    }
    try await test.runUntilIdle()
    #expect(try await detail(id).result == Array(#"{"draft":1}"#.utf8))
  }
}
