import Foundation
import Logging
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(5))) struct `A script that asks and waits`: RunsScripts {
  let folder: TemporaryFolder
  let test: TestEngine
  let started = Signal()

  init() async throws {
    folder = try TemporaryFolder()
    test = try await Self.engine(tellingOf: started)
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

  @Test(arguments: [
    (#"{"$checkpoint": {"key": "send", "title": "Send it?", "risk": "enormous"}}"#, "$checkpoint: "),
    (#"{"$checkpiont": {"key": "send", "title": "Send it?"}}"#, "did you mean $checkpoint?"),
    (#"{"$signal": []}"#, "$signal: "), (#"{"$child": {"kind": 7}}"#, "$child: "),
  ])
  func `fails where its question cannot be asked, and does not come back for ever`(
    _ line: String, _ reason: String
  ) async throws {
    let id = try await enqueue("echo '\(line)'; exit 75")
    try await test.runUntilIdle()
    let job = try await detail(id)
    #expect(job.summary.state == .dead)
    let message = try #require(job.attempts.last?.failure?.message)
    #expect(message.hasPrefix("exited with 75 to wait, and asked nobody: ") && message.contains(reason), "\(message)")
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
    for title in ["B?", "A?"] {
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

  @Test func `goes on at once when what others asked for it was answered before it has ended`() async throws {
    let id = try await enqueue(
      """
      if [ "$(jq -r '.checkpoints.go.state // ""' "$NIGHTSHIFT_CONTEXT")" = approved ]; then exit 0; fi
      until [ -e ../../answered ]; do sleep 0.01; done
      exit 75
      """)
    let test = test
    async let attempts = test.runUntilIdle()
    await started.wait()
    let draft = CheckpointDraft(key: "go", type: .approval, title: "Go?", data: nil, options: CheckpointOptions())
    _ = try await test.engine.ask(draft, of: id, by: .system)
    _ = try await test.engine.decide(try await pending().id, Verdict(.approve), by: .system)
    try folder.write("", to: "answered")
    // Without any time having passed.
    #expect(try await attempts == 2)
    #expect(try await detail(id).summary.state == .completed)
  }

  @Test func `goes on at once when somebody had answered beforehand`() async throws {
    _ = try await enqueue(Self.asking)
    try await test.runUntilIdle()
    let remember = Verdict(.approve, remember: .init(scope: .kind, until: nil))
    _ = try await test.engine.decide(try await pending().id, remember, by: Actor(id: "ada", role: .approver))
    let second = try await enqueueAgain()
    try await test.runUntilIdle()
    #expect(try await detail(second).result == Array(#"{"sent":"ada","by":"ada"}"#.utf8))
  }

  @Test func `waits a minute when it asks for what it has been told already`() async throws {
    let id = try await enqueue(
      """
      echo '{"$checkpoint": {"key": "send", "title": "Send it?"}}'
      exit 75
      """)
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(1))
    _ = try await test.engine.decide(try await pending().id, Verdict(.approve), by: .system)
    test.clock.advance(by: .seconds(1))
    // It does not look into its context: it is not to be run as fast as it can be started.
    #expect(try await test.runUntilIdle() == 1)
    #expect(try await detail(id).summary.state == .scheduled)
  }

  private static let parent = """
    if [ "$(jq '[.children[]? | select(.state == "completed" or .state == "dead")] | length' "$NIGHTSHIFT_CONTEXT")" = 2 ]
    then jq -c '.children | map_values(del(.id))' "$NIGHTSHIFT_CONTEXT"; exit 0; fi
    echo '{"$child": {"name": "good", "kind": "double", "payload": 4, "queue": "q", "tags": ["t"]}}'
    echo '{"$child": {"name": "bad", "kind": "double", "payload": -1}}'
    exit 75
    """

  @Test func `enqueues children once, waits for their ends, and finds what came of them`() async throws {
    try await test.engine.register("double", payload: Int.self) { number, _ in
      guard number > 0 else { throw PermanentFailure("it is negative") }
      return number * 2
    }
    let id = try await enqueue(Self.parent)
    try await test.runUntilIdle()
    let result = try #require(try await detail(id).result)
    #expect(
      try JSONValue(parsing: result) == [
        "good": ["state": "completed", "result": 8], "bad": ["state": "dead", "error": "it is negative"],
      ])
    var filter = JobFilter()
    filter.kinds = ["double"]
    #expect(try await test.engine.jobs(filter, before: nil, limit: 10).jobs.count == 2)
    filter.tags = ["t"]
    let child = try #require(try await test.engine.jobs(filter, before: nil, limit: 10).jobs.first)
    #expect(child.queue == "q")
  }

  @Test func `that does not exit with 75 lets its children run, and waits for none`() async throws {
    try await test.engine.register("double", payload: Int.self) { number, _ in number * 2 }
    let id = try await enqueue(
      """
      echo '{"$child": {"name": "one", "kind": "double", "payload": 4, "delay": "1h"}}'
      echo '{"$child": {"name": "one", "kind": "double", "payload": 4, "delay": "1h"}}'
      """)
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .completed)
    var filter = JobFilter()
    filter.kinds = ["double"]
    let children = try await test.engine.jobs(filter, before: nil, limit: 10).jobs
    #expect(children.map(\.state) == [.scheduled])
  }

  @Test func `fails with the reason when a child is refused`() async throws {
    let id = try await enqueue(
      #"echo '{"$child": {"kind": "unknown"}}'; exit 75"#, "maxAttempts: 1")
    try await test.runUntilIdle()
    #expect(try await detail(id).summary.state == .dead)
    #expect(try await detail(id).error?.message.contains("the kind `unknown`") == true)
  }
}
