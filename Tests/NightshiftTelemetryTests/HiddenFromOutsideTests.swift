import Nightshift
import NightshiftTesting
import TestSupport
import Testing
import Tracing

@testable import NightshiftTelemetry

@Suite(.timeLimit(.minutes(5))) struct `What leaves the process` {
  /// Says what it holds, as a library might in which nobody looks.
  private struct Dump: Error { var held: String }

  private struct Servers {
    let collector: StubServer
    let sentry: StubServer

    var sent: String { (collector.received + sentry.received).map(\.body).joined(separator: "\n") }
    var messages: [String?] {
      collector.spans.flatMap { span in
        span.events.map { ReceivedSpan.attribute("exception.message", $0["attributes"]) }
      }
    }
    var event: JSONValue? { sentry.received.first?.envelope[2] }
    var crumbs: [String?] {
      event?["breadcrumbs"]?["values"]?.arrayValue?.map { $0["message"]?.stringValue } ?? []
    }
  }

  /// Runs one job whose failures are told to both.
  private func run(
    _ payload: String, configure: (inout EngineConfiguration) -> Void = { _ in },
    prepare: @Sendable (Engine) async throws -> Void = { _ in },
    then: @Sendable (TestEngine, JobID) async throws -> Void = { _, _ in },
    _ handler: @escaping @Sendable (JSONValue, JobContext) async throws -> Void
  ) async throws -> Servers {
    let servers = Servers(
      collector: try await StubServer.start(.response(200)), sentry: try await StubServer.start(.response(200)))
    let fixture = try await TelemetryFixture(
      traces: servers.collector, errors: servers.sentry, configure: configure)
    try await fixture.telemetry.run {
      try await prepare(fixture.engine)
      let options = KindOptions(maxAttempts: 1)
      try await fixture.engine.register("pay", payload: JSONValue.self, options: options) { payload, context in
        try await handler(payload, context)
      }
      let id = try await fixture.add("pay", payload)
      try await fixture.test.runUntilIdle()
      try await then(fixture.test, id)
      #expect(try await fixture.engine.job(id)?.summary.state == .dead)
    }
    #expect(servers.sentry.received.count == 1)
    return servers
  }

  @Test func `has no value of a secret, wherever it failed`() async throws {
    let (key, secret) = (MasterKey.random().key, "stripe-51H8-value")
    let servers = try await run(
      "1", configure: { $0.masterKeys = [key] },
      prepare: { _ = try await $0.setSecret("stripe", to: secret, by: .system) }
    ) { _, context in
      let value = try await context.secret("stripe")
      context.log("with \(value)")
      try await context.step("charge") {
        try await context.call("bank") { throw Dump(held: value) }
      }
    }
    let dump = "Dump(held: \"•••\")"
    #expect(servers.messages == [dump, dump, dump] && servers.collector.spans.map(\.name).last == "process pay")
    #expect(servers.collector.spans.map { $0.json["status"]?["message"]?.stringValue } == [dump, dump, dump])
    #expect(servers.event?["exception"]?["values"]?[0]?["value"]?.stringValue == dump)
    #expect(!servers.sent.contains(secret))
  }

  @Test func `has of a failure what is kept of it, and not how Swift writes it down`() async throws {
    let servers = try await run("1") { _, _ in
      throw PermanentFailureRecord(Failure(type: "exit 66", message: "exited with 66", detail: "the end of stderr"))
    }
    #expect(servers.messages == ["exited with 66"])
    let event = servers.collector.spans[0].events.first
    #expect(ReceivedSpan.attribute("exception.type", event?["attributes"]) == "exit 66")
    #expect(servers.collector.spans[0].json["status"]?["message"] == "exited with 66")
    #expect(!servers.sent.contains("stderr") && !servers.sent.contains("PermanentFailureRecord"))
  }

  @Test func `has no hidden value of the payload`() async throws {
    let servers = try await run(#"{"user": "ana", "pin": 4711, "password": "sentrySecret88"}"#) { payload, context in
      let password = payload["password"]?.stringValue ?? ""
      context.log("pw is \(password)")
      try context.emit("tried", ["password": "ownSecret99"])
      context.log("and ownSecret99")
      throw PermanentFailure("no: \(payload), for \(password)")
    }
    let shown = #"no: {"password":[redacted],"pin":4711,"user":"ana"}, for [redacted]"#
    #expect(servers.messages == [shown])
    #expect(servers.collector.spans[0].json["status"]?["message"]?.stringValue == shown)
    #expect(servers.event?["exception"]?["values"]?[0]?["value"]?.stringValue == shown)
    #expect(servers.crumbs.first == "pw is [redacted]" && servers.crumbs.last == "and [redacted]")
    #expect(!servers.sent.contains("sentrySecret88") && !servers.sent.contains("ownSecret99"))
  }

  @Test func `has no hidden value of what the job got later`() async throws {
    let servers = try await run(
      "1",
      then: { test, id in
        _ = try await test.engine.signal("go", to: id, ["token": "sigToken77"])
        try await test.runUntilIdle()
        let question = try #require(try await test.engine.checkpoints(CheckpointFilter()).checkpoints.first)
        var verdict = Verdict(.approve, via: "api")
        verdict.data = ["password": "answerSecret66"]
        _ = try await test.engine.decide(question.id, verdict, by: Actor(id: "ada", role: .approver))
        try await test.runUntilIdle()
      }
    ) { _, context in
      let token = try await context.signal("go", as: [String: String].self)["token"] ?? ""
      let step = try await context.step("exchange") { ["token": "stepToken88"] }["token"] ?? ""
      let answer =
        try await context.approval("may", title: "May I?", showing: ["password": "x"])
        .data(as: [String: String].self)["password"] ?? ""
      context.log("I have \(token), \(step), \(answer)")
      throw PermanentFailure("refused: \(token), \(step), \(answer)")
    }
    let shown = "refused: [redacted], [redacted], [redacted]"
    #expect(servers.messages == [shown] && servers.crumbs == ["I have [redacted], [redacted], [redacted]"])
    for value in ["sigToken77", "stepToken88", "answerSecret66"] { #expect(!servers.sent.contains(value)) }
  }

  @Test func `has nothing hidden in what libraries say in spans of their own`() async throws {
    let collector = try await StubServer.start(.response(200))
    let fixture = try await TelemetryFixture(traces: collector)
    let tracer = try #require(fixture.telemetry.tracer)
    try await fixture.telemetry.run {
      try await fixture.engine.register("pay", payload: JSONValue.self) { payload, _ in
        let error = Dump(held: payload["password"]?.stringValue ?? "")
        tracer.withSpan("BEGIN") { span in span.setStatus(SpanStatus(code: .error, message: "\(error)")) }
        try tracer.withSpan("SELECT") { _ in throw error }
      }
      _ = try await fixture.add("pay", #"{"password": "sentrySecret88"}"#)
      try await fixture.test.runUntilIdle()
    }
    let dump = "Dump(held: \"[redacted]\")"
    let spans = collector.spans
    #expect(spans.map(\.name) == ["BEGIN", "SELECT", "process pay"])
    #expect(spans[0].json["status"]?["message"]?.stringValue == dump)
    #expect(spans[1].events.map { ReceivedSpan.attribute("exception.message", $0["attributes"]) } == [dump])
    #expect(collector.received.allSatisfy { !$0.body.contains("sentrySecret88") })
  }

  @Test func `is whole where nothing is hidden`() async throws {
    let servers = try await run(
      #"{"password": "sentrySecret88"}"#, configure: { $0.redaction = Redaction(paths: []) }
    ) { payload, context in
      context.log("pw is \(payload["password"]?.stringValue ?? "")")
      throw PermanentFailure("no: \(payload["password"]?.stringValue ?? "")")
    }
    #expect(servers.messages == ["no: sentrySecret88"] && servers.crumbs == ["pw is sentrySecret88"])
  }
}
