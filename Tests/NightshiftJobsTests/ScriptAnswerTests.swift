import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(5))) struct `A script that was answered`: RunsScripts {
  let folder: TemporaryFolder
  let test: TestEngine

  init() async throws {
    folder = try TemporaryFolder()
    test = try await Self.engine(tellingOf: Signal())
  }

  private func pending() async throws -> [Checkpoint] {
    var filter = CheckpointFilter()
    filter.states = [.pending]
    return try await test.engine.checkpoints(filter).checkpoints
  }

  /// Asks until it is told a yes, and knows nothing of a no.
  private static func asking(_ more: String = "") -> String {
    """
    if [ "$(jq -r '.checkpoints.send.state // ""' "$NIGHTSHIFT_CONTEXT")" = approved ]; then
      jq -c '{by: .checkpoints.send.by}' "$NIGHTSHIFT_CONTEXT"; exit 0
    fi
    echo '{"$checkpoint": {"key": "send", "title": "Send it?", "expires": "1m"\(more)}}'
    exit 75
    """
  }

  @Test func `with no is cancelled with the reason when it asks again`() async throws {
    let id = try await enqueue(Self.asking())
    try await test.runUntilIdle()
    let question = try #require(try await pending().first)
    _ = try await test.engine.decide(
      question.id, Verdict(.reject, comment: "too much"), by: Actor(id: "ada", role: .approver))
    #expect(try await test.runUntilIdle() == 1)
    let job = try await detail(id)
    #expect(job.summary.state == .cancelled && job.summary.failures == 0)
    #expect(job.summary.cancelReason == "Rejected by ada: Send it? (too much)")
    // A person may have it run again, and then it asks anew.
    _ = try await test.engine.retry([id], by: .system)
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .waiting)
    #expect(try await pending().count == 1)
  }

  @Test func `with no is cancelled though it has asked for more`() async throws {
    let id = try await enqueue(
      """
      echo '{"$checkpoint": {"key": "a", "title": "A?"}}'
      echo '{"$checkpoint": {"key": "b", "title": "B?"}}'
      echo '{"$signal": "paid"}'
      exit 75
      """)
    try await test.runUntilIdle()
    let first = try #require(try await pending().first { $0.title == "A?" })
    _ = try await test.engine.decide(first.id, Verdict(.reject), by: .system)
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .cancelled)
    #expect(try await pending().isEmpty)
  }

  @Test(arguments: [
    ("reject", JobState.cancelled, "Nobody approved in time: Send it?"),
    ("fail", .dead, "Nobody answered in time: Send it?"), ("continue", .completed, #"{"by":"nobody"}"#),
  ])
  func `by nobody ends as its question says`(_ expiry: String, _ state: JobState, _ reason: String) async throws {
    let id = try await enqueue(Self.asking(#", "onExpiry": "\#(expiry)""#))
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(60))
    #expect(try await test.runUntilIdle() == 1)
    let job = try await detail(id)
    #expect(job.summary.state == state)
    let said = job.result.map { String(decoding: $0, as: UTF8.self) } ?? job.summary.cancelReason ?? job.error?.message
    #expect(said == reason)
  }

  @Test func `asks several things in one attempt, and may keep files and tell people meanwhile`() async throws {
    let id = try await enqueue(
      """
      if [ "$NIGHTSHIFT_ATTEMPT" -gt 1 ]; then jq -c '.checkpoints | map_values(.state)' "$NIGHTSHIFT_CONTEXT"; exit 0; fi
      echo '{"$checkpoint": {"key": "a", "title": "A?"}}'
      echo text > "$TMPDIR/a.txt"
      jq -nc '{"$artifact": "\\(env.TMPDIR)/a.txt"}'
      echo '{"$checkpoint": {"key": "told", "type": "info", "title": "Told."}}'
      echo '{"$checkpoint": {"key": "b", "title": "B?"}}'
      echo '{"$checkpoint": {"key": "c", "title": "C?"}}'
      exit 75
      """)
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .waiting)
    let questions = try await pending()
    #expect(questions.map(\.title).sorted() == ["A?", "B?", "C?"])
    #expect(try await test.engine.artifact("a.txt", of: id)?.bytes == Array("text\n".utf8))
    _ = try await test.engine.decide(questions[0].id, Verdict(.approve), by: .system)
    try await test.runUntilIdle()
    let told = try JSONValue(parsing: try #require(try await detail(id).result))
    #expect(told["told"] == "noted")
    #expect(told.objectValue?.values.filter { $0 == "pending" }.count == 2)
  }

  @Test(arguments: [
    (#"{"$checkpoint": {"key": "order#17", "title": "Send?"}}"#, "/key: must be"),
    (#"{"$checkpoint": {"title": "Send?", "schema": {"type": "nonsense"}}}"#, "cannot be used"),
    (#"{"$checkpoint": {"title": "Send?", "data": 1, "schema": {"type": "string"}}}"#, "do not fit its schema"),
    (#"{"$checkpoint": {"title": "Send?"}, "expires": "1h"}"#, "`expires` stands beside it"),
    (#"{"$signal": "a#b"}"#, "without `#` and `~`"), (#"{"$signal": "paid", "timout": "1s"}"#, "`timeout`"),
    (#"{"$child": {"kind": "k", "name": "a~b"}}"#, "/name: must be"),
  ])
  func `fails for good where its line can never be right`(_ line: String, _ reason: String) async throws {
    let id = try await enqueue("echo '\(line)'; exit 75")
    try await test.runUntilIdle()
    let job = try await detail(id)
    #expect(job.summary.state == .dead && job.attempts.count == 1)
    let message = try #require(job.error?.message)
    #expect(message.hasPrefix("exited with 75 to wait, and asked nobody: ") && message.contains(reason), "\(message)")
  }

  @Test func `fails for good when a child of it is refused, however it ends`() async throws {
    let id = try await enqueue(#"echo '{"$child": {"kind": "unknown"}}'; sleep 5; exit 0"#)
    try await test.runUntilIdle()
    let job = try await detail(id)
    #expect(job.summary.state == .dead && job.attempts.count == 1)
    #expect(job.error?.message.contains("the child \"unknown\" is refused: #/kind") == true, "\(job.error as Any)")
  }

  @Test func `waits once for a signal that it names twice`() async throws {
    let id = try await enqueue(
      """
      if [ "$(jq -r '.signals | has("paid")' "$NIGHTSHIFT_CONTEXT")" = true ]; then exit 0; fi
      echo '{"$signal": "paid"}'
      echo '{"$signal": "paid"}'
      exit 75
      """)
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .waiting)
    #expect(try await detail(id).flow.waits.count == 1)
    try await test.engine.signal("paid", to: id, 7)
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .completed)
  }
}
