import NIOHTTP1
import Nightshift
import NightshiftTesting
import TestSupport
import Testing
import Tracing

@testable import NightshiftTelemetry

@Suite(.timeLimit(.minutes(5))) struct `A trace` {
  private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  private struct Refused: Error, CustomStringConvertible {
    var description: String { "the bank refused, token=hunter2222" }
  }

  @Test func `goes on from the enqueue to the attempt, its steps and its calls`() async throws {
    let collector = try await StubServer.start(.response(200, body: "{}"))
    let fixture = try await TelemetryFixture(traces: collector)
    try await fixture.telemetry.run {
      try await fixture.engine.register("pay", payload: Int.self, options: KindOptions(queue: "money")) { _, context in
        try await context.step("charge") { try await context.call("bank") {} }
      }
      let id = try await fixture.add("pay", traceparent: Self.traceparent)
      try await fixture.test.runUntilIdle()
      #expect(try await fixture.engine.job(id)?.summary.state == .completed)
    }
    let spans = collector.spans
    #expect(spans.map(\.name) == ["call bank", "step charge", "process pay"])
    #expect(spans.map(\.kind) == [3, 1, 5])
    #expect(spans.allSatisfy { $0.trace == "4bf92f3577b34da6a3ce929d0e0e4736" })
    #expect(spans[2].parent == "00f067aa0ba902b7" && spans[1].parent == spans[2].id && spans[0].parent == spans[1].id)
    #expect(spans[2]["messaging.destination.name"] == "money" && spans[2]["nightshift.job.attempt"] == "1")
    #expect(spans[2]["messaging.message.id"]?.hasPrefix("job_") == true && spans[0]["peer.service"] == "bank")
    #expect(spans[2].json["flags"]?.intValue == 0x301, "sampled, and its parent came from elsewhere")
    #expect(spans[1].json["flags"]?.intValue == 0x101)
    let request = try #require(collector.received.first)
    #expect(request.path == "/v1/traces" && request.headers["api-key"] == ["42"])
    #expect(request.headers["content-type"] == ["application/json"])
    let resource = try JSONValue(parsing: request.body.utf8)["resourceSpans"]?[0]?["resource"]?["attributes"]
    #expect(ReceivedSpan.attribute("service.name", resource) == "shop")
  }

  @Test func `tells errors, and no secrets`() async throws {
    let collector = try await StubServer.start(.response(200))
    let fixture = try await TelemetryFixture(traces: collector)
    try await fixture.telemetry.run {
      try await fixture.engine.register("pay", payload: Int.self) { number, context in
        if number == 2 { throw Snooze.for(.seconds(60)) }
        try await context.step("charge") { throw Refused() }
      }
      for number in ["1", "2"] { _ = try await fixture.add("pay", number) }
      try await fixture.test.runUntilIdle()
    }
    let spans = collector.spans
    #expect(spans.map(\.status) == [2, 2, 0])
    #expect(spans[2]["nightshift.outcome"] == "Snooze")
    let event = try #require(spans[0].events.first)
    #expect(event["name"] == "exception")
    #expect(ReceivedSpan.attribute("exception.type", event["attributes"]) == "Refused")
    #expect(
      ReceivedSpan.attribute("exception.message", event["attributes"]) == "the bank refused, token=[redacted]")
    #expect(spans[0].json["status"]?["message"] == "the bank refused, token=[redacted]")
    #expect(collector.received.allSatisfy { !$0.body.contains("hunter2222") })
  }

  @Test func `is joined by whatever the handler's libraries trace`() async throws {
    let collector = try await StubServer.start(.response(200))
    let fixture = try await TelemetryFixture(traces: collector)
    let tracer = try #require(fixture.telemetry.tracer)
    try await fixture.telemetry.run {
      try await fixture.engine.register("pay", payload: Int.self) { _, context in
        tracer.withSpan("SELECT", ofKind: .client) { span in
          span.attributes["url.full"] = "https://example.com/a?token=hunter2222"
          span.attributes["url.query"] = "token=hunter2222"
          span.attributes["db.rows"] = 3
        }
        // What is enqueued meanwhile is told under which span.
        #expect(context.activeTraceparent != nil && context.activeTraceparent != context.traceparent)
      }
      _ = try await fixture.add("pay")
      try await fixture.test.runUntilIdle()
    }
    let spans = collector.spans
    #expect(spans.map(\.name) == ["SELECT", "process pay"] && spans[0].parent == spans[1].id)
    #expect(spans[0]["db.rows"] == "3" && spans[0]["url.full"] == "https://example.com/a")
    #expect(spans[1].parent == nil && !collector.received.contains { $0.body.contains("hunter2222") })
  }

  @Test func `is carried on unsampled, and not sent`() async throws {
    let collector = try await StubServer.start(.response(200))
    let fixture = try await TelemetryFixture(traces: collector)
    try await fixture.telemetry.run {
      try await fixture.engine.register("pay", payload: Int.self) { _, context in
        #expect(context.activeTraceparent?.hasSuffix("-00") == true)
        #expect(context.activeTraceparent?.contains("4bf92f3577b34da6a3ce929d0e0e4736") == true)
      }
      let id = try await fixture.add("pay", traceparent: String(Self.traceparent.dropLast()) + "0")
      try await fixture.test.runUntilIdle()
      #expect(try await fixture.engine.job(id)?.summary.state == .completed)
    }
    #expect(collector.received.isEmpty)
  }

  @Test func `begins at the request that enqueues`() async throws {
    let collector = try await StubServer.start(.response(200))
    let fixture = try await TelemetryFixture(traces: collector)
    let observer = try #require(fixture.telemetry.observer)
    try await fixture.telemetry.run {
      let request = ObservedRequest(method: "POST", route: "/api/jobs", id: "r1", traceparent: Self.traceparent)
      let inner = await observer.request(request) { traceparent in
        (traceparent, ObservedAnswer(status: 202))
      }
      #expect(inner?.contains("4bf92f3577b34da6a3ce929d0e0e4736") == true && inner != Self.traceparent)
      // What machines ask for every few seconds is not worth a span.
      let health = ObservedRequest(method: "GET", route: "/healthz", id: "r2", traceparent: nil)
      #expect(await observer.request(health) { ($0, ObservedAnswer(status: 200)) } == nil)
      let broken = ObservedRequest(method: "GET", route: "/api/jobs", id: "r3", traceparent: nil)
      await observer.request(broken) { _ in ((), ObservedAnswer(status: 500)) }
    }
    let spans = collector.spans
    #expect(spans.map(\.name) == ["POST /api/jobs", "GET /api/jobs"] && spans.map(\.status) == [0, 2])
    #expect(spans[0].parent == "00f067aa0ba902b7" && spans[0].kind == 2)
    #expect(spans[0]["http.response.status_code"] == "202" && spans[0]["nightshift.request.id"] == "r1")
  }
}

@Suite(.timeLimit(.minutes(5))) struct `The exporter of spans` {
  private static func exporter(_ url: String, _ clock: any WallClock = SystemClock()) -> SpanExporter {
    SpanExporter(
      TracesConfiguration(endpoint: url, service: "shop"), client: TelemetryClient(timeout: .seconds(2)), clock: clock,
      logger: quiet)
  }

  private func span() -> FinishedSpan {
    FinishedSpan(context: .root(), parent: nil, name: "s", kind: .internal, startedAt: 1, endedAt: 2)
  }

  @Test func `waits as long as the collector asks, and tries again`() async throws {
    let collector = try await StubServer.start(
      .response(429, headers: ["Retry-After": "17"]), .response(503), .response(200))
    let clock = TestClock()
    let exporter = Self.exporter(collector.url, clock)
    exporter.add(span())
    let running = Task { await exporter.run() }  // cancelled below
    defer { running.cancel() }
    // Moved on in seconds, since it is not told when a wait begins.
    func seconds(until condition: () -> Bool) async -> Int {
      var seconds = 0
      while !condition() {
        clock.advance(by: .seconds(1))
        seconds += 1
        await Task.yield()
      }
      return seconds
    }
    _ = await seconds { collector.received.count == 1 }
    #expect(await seconds { collector.received.count == 2 } >= 17)
    _ = await seconds { exporter.signal.sent == 1 }
    #expect(collector.received.count == 3)
    #expect(exporter.signal.sent == 1 && exporter.signal.dropped == 0)
    #expect(Set(collector.received.map(\.body)).count == 1)
  }

  @Test(arguments: [400, 401, 413, 500, 302])
  func `does not try again what would be refused again`(_ status: Int) async throws {
    let collector = try await StubServer.start(.response(status))
    let exporter = Self.exporter(collector.url)
    exporter.add(span())
    await exporter.sendAll()
    #expect(exporter.signal.dropped == 1 && collector.received.count == 1)
  }

  @Test func `keeps a bounded number, and counts what is lost`() async throws {
    let exporter = Self.exporter("http://127.0.0.1:9")
    for _ in 0..<(SpanExporter.mostWaiting + 5) { exporter.add(span()) }
    #expect(exporter.signal.waiting == SpanExporter.mostWaiting && exporter.signal.dropped == 5)
  }

  @Test func `ends within its time when the collector says nothing`() async throws {
    let collector = try await StubServer.start(.silence)
    let fixture = try await TelemetryFixture(traces: collector)
    let clock = SystemClock()
    let began = clock.monotonic
    try await fixture.telemetry.run {
      try await fixture.engine.register("pay", payload: Int.self) { _, _ in }
      _ = try await fixture.add("pay")
      try await fixture.test.runUntilIdle()
    }
    #expect(Duration.nanoseconds(clock.monotonic - began) < Telemetry.patience + .seconds(10))
    #expect(fixture.telemetry.observer?.signals == [TelemetrySignal(name: "traces", sent: 0, dropped: 1, waiting: 0)])
  }

  @Test func `sends in batches`() async throws {
    let collector = try await StubServer.start(.response(200))
    let exporter = Self.exporter(collector.url)
    for _ in 0..<(SpanExporter.batch + 1) { exporter.add(span()) }
    await exporter.sendAll()
    #expect(collector.received.count == 2 && exporter.signal.sent == SpanExporter.batch + 1)
    #expect(collector.spans.count == SpanExporter.batch + 1)
  }
}
