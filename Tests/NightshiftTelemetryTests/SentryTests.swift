import Foundation
import Logging
import NIOHTTP1
import Nightshift
import NightshiftTesting
import TestSupport
import Testing

@testable import NightshiftTelemetry

@Suite(.timeLimit(.minutes(5))) struct `An error report` {
  private struct Refused: Error, CustomStringConvertible {
    var description: String { "the bank said \"nein\"\npassword=hunter2222 für Ana 🦊" }
  }

  private func fixture(_ sentry: StubServer, rule: ErrorsConfiguration.Rule = .final) async throws -> TelemetryFixture {
    let fixture = try await TelemetryFixture(errors: sentry, rule: rule)
    let options = KindOptions(queue: "money", maxAttempts: 2, backoff: .fixed(.zero))
    try await fixture.engine.register("pay", payload: Int.self, options: options) { number, context in
      context.log("Authorization: Bearer abcdefghijkl")
      context.log("asking the bank", level: .warning)
      if number == 3 { throw Snooze.for(.seconds(60)) }
      if number < 9 { throw Refused() }
    }
    return fixture
  }

  private func run(_ fixture: TelemetryFixture, _ payloads: String...) async throws {
    try await fixture.telemetry.run {
      for payload in payloads { _ = try await fixture.add("pay", payload) }
      try await fixture.test.runUntilIdle()
    }
  }

  @Test func `is sent when a job is dead, with what helps to find out why`() async throws {
    let sentry = try await StubServer.start(.response(200, body: #"{"id":"x"}"#))
    let fixture = try await fixture(sentry)
    try await run(fixture, "1", "3", "9")
    let request = try #require(sentry.received.first)
    #expect(sentry.received.count == 1 && request.path == "/sentry/api/7/envelope/")
    #expect(request.headers["content-type"] == ["application/x-sentry-envelope"])
    #expect(
      request.headers["x-sentry-auth"].first
        == "Sentry sentry_version=7, sentry_client=nightshift.swift/\(NightshiftVersion.current), sentry_key=abc123")
    let lines = request.body.split(separator: "\n")
    let envelope = request.envelope
    #expect(lines.count == 3 && envelope.count == 3)
    #expect(envelope[1]["length"]?.intValue == lines[2].utf8.count, "bytes, and not characters")
    let event = envelope[2]
    #expect(envelope[0]["event_id"] == event["event_id"] && event["event_id"]?.stringValue?.count == 32)
    let exception = try #require(event["exception"]?["values"]?[0])
    #expect(exception["type"] == "Refused")
    #expect(exception["value"] == "the bank said \"nein\"\npassword=[redacted] für Ana 🦊")
    let tags = try #require(event["tags"])
    #expect(tags["job.kind"] == "pay" && tags["job.queue"] == "money" && tags["job.attempt"] == "2")
    #expect(tags["job.id"]?.stringValue?.hasPrefix("job_") == true && tags["worker"] != nil)
    #expect(event["release"] == "shop@1.2" && event["environment"] == "staging" && event["server_name"] == "host-1")
    let group = try #require(try await fixture.test.engine.deadLetters(ignored: false).groups.first).fingerprint
    #expect(event["fingerprint"] == ["pay", "Refused", .string(group)] && event["level"] == "error")
    let crumbs = try #require(event["breadcrumbs"]?["values"]?.arrayValue)
    #expect(crumbs.map { $0["message"]?.stringValue } == ["Authorization: Bearer [redacted]", "asking the bank"])
    #expect(crumbs.map { $0["level"]?.stringValue } == ["info", "warning"])
    #expect(!request.body.contains("hunter2222") && !request.body.contains("abcdefghijkl"))
  }

  @Test func `is sent for each failure when that is wanted`() async throws {
    let sentry = try await StubServer.start(.response(200))
    let fixture = try await fixture(sentry, rule: .each)
    try await run(fixture, "1")
    #expect(sentry.received.map { $0.envelope[2]["tags"]?["job.final"] } == ["false", "true"])
  }

  @Test func `is sent of a crash, and of what breaks inside the server`() async throws {
    let sentry = try await StubServer.start(.response(200))
    let fixture = try await fixture(sentry)
    let observer = try #require(fixture.telemetry.observer)
    try await fixture.telemetry.run {
      let worker = fixture.engine.workerID
      observer.crashed(
        [CrashedJob(id: JobID(rawValue: 7), kind: "pay", queue: "money", attempt: 3, worker: worker)],
        cause: "its process died of signal 11 (Segmentation fault)")
      let request = ObservedRequest(method: "GET", route: "/api/jobs/{id}", id: "r1", traceparent: nil)
      await observer.request(request) { _ in
        ((), ObservedAnswer(status: 500, failure: Failure(type: "Bug", message: "index out of range")))
      }
      await observer.request(request) { _ in ((), ObservedAnswer(status: 503)) }
    }
    let events = sentry.received.map { $0.envelope[2] }
    #expect(events.map { $0["level"] } == ["fatal", "error"])
    #expect(events[0]["exception"]?["values"]?[0]?["mechanism"]?["handled"] == false)
    #expect(events[0]["fingerprint"] == ["pay", "crash"] && events[0]["tags"]?["job.attempt"] == "3")
    #expect(events[1]["transaction"] == "GET /api/jobs/{id}" && events[1]["tags"]?["request"] == "r1")
  }
}

@Suite(.timeLimit(.minutes(5))) struct `The reporter of errors` {
  private func reporter(_ url: String, _ clock: any WallClock = SystemClock()) throws -> SentryReporter {
    let dsn = try #require(SentryDSN("\(url.replacingOccurrences(of: "http://", with: "http://key@"))/7"))
    let configuration = ErrorsConfiguration(dsn: dsn, environment: "test", release: "r", server: "s")
    return SentryReporter(
      configuration, client: TelemetryClient(timeout: .seconds(2)), clock: clock, logger: quiet)
  }

  private func report() -> SentryReporter.Report {
    .init(
      event: SentryEvent(
        at: Timestamp(microseconds: 0), transaction: "t", failure: Failure(type: "E", message: "m"),
        fingerprint: ["t", "E"]))
  }

  @Test(arguments: [
    (429, "Retry-After", "30", 30), (429, "X-Sentry-Rate-Limits", "45::key", 45), (429, "X-Nothing", "", 60),
    (200, "X-Sentry-Rate-Limits", "60:transaction:key, 2700:default;error:organization", 2700),
    (429, "X-Sentry-Rate-Limits", "60:transaction:key", 0), (500, "X-Nothing", "", 0),
  ])
  func `sends nothing while it is asked to be quiet`(
    _ status: Int, _ name: String, _ value: String, _ seconds: Int
  ) async throws {
    let sentry = try await StubServer.start(.response(status, headers: [name: value]), .response(200))
    let clock = TestClock()
    let reporter = try reporter(sentry.url, clock)
    reporter.add(report())
    await reporter.sendAll()
    #expect(sentry.received.count == 1)
    if seconds > 0 {
      clock.advance(by: .seconds(seconds - 1))
      reporter.add(report())
      await reporter.sendAll()
      #expect(sentry.received.count == 1, "dropped, and not kept for later")
      clock.advance(by: .seconds(1))
    }
    reporter.add(report())
    await reporter.sendAll()
    #expect(sentry.received.count == 2)
    #expect(reporter.signal.sent == (status == 200 ? 2 : 1))
    #expect(reporter.signal.dropped == (status == 200 ? 0 : 1) + (seconds > 0 ? 1 : 0))
  }

  @Test func `tries again when the connection breaks, and never after an answer`() async throws {
    let sentry = try await StubServer.start(.close, .response(200))
    let clock = TestClock()
    let reporter = try reporter(sentry.url, clock)
    reporter.add(report())
    let running = Task { await reporter.run() }  // cancelled below
    defer { running.cancel() }
    while reporter.signal.sent == 0 {
      clock.advance(by: .seconds(1))
      await Task.yield()
    }
    #expect(sentry.received.count == 2 && reporter.signal.dropped == 0)
  }

  @Test func `keeps a bounded number, and counts what is lost`() throws {
    let reporter = try reporter("http://127.0.0.1:9")
    for _ in 0..<(SentryReporter.mostWaiting + 3) { reporter.add(report()) }
    #expect(reporter.signal.waiting == SentryReporter.mostWaiting && reporter.signal.dropped == 3)
  }

  @Test func `reads the address of a project`() {
    #expect(
      SentryDSN("https://abc123@o42.ingest.us.sentry.io/4507")?.endpoint
        == "https://o42.ingest.us.sentry.io/api/4507/envelope/")
    let own = SentryDSN("http://abc123:s3cret@127.0.0.1:9000/sentry/7")
    #expect(own?.endpoint == "http://127.0.0.1:9000/sentry/api/7/envelope/")
    #expect(own?.authorization(client: "c").hasSuffix("sentry_key=abc123, sentry_secret=s3cret") == true)
    for wrong in ["", "abc", "https://sentry.io/7", "https://key@sentry.io", "ftp://key@sentry.io/7"] {
      #expect(SentryDSN(wrong) == nil)
    }
  }

  @Test func `knows which limits concern it`() {
    #expect(SentryLimits.wait(["60:transaction:key, 2700:default;error;security:organization"]) == .seconds(2700))
    #expect(SentryLimits.wait(["60::organization, 2700::organization"]) == .seconds(2700))
    #expect(SentryLimits.wait(["1.5: error ; x :key:reason:ns:unknown"]) == .seconds(1.5))
    #expect(SentryLimits.wait(["60:monitor:key", "x:error:key", "", "-5:error:key"]) == nil)
    #expect(SentryLimits.wait(["1e300::key"]) == SentryLimits.longest)
  }
}

@Suite struct `What looks like a secret` {
  @Test(arguments: [
    ("postgres://ana:hunter2222@db/x", "postgres://ana:[redacted]@db/x"),
    ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"),
    (#"{"apiKey": "abc", "user": "ana"}"#, #"{"apiKey": [redacted], "user": "ana"}"#),
    ("password=hunter2222, user=ana", "password=[redacted], user=ana"),
    ("AWS_SECRET_ACCESS_KEY='a b' x", "AWS_SECRET_ACCESS_KEY=[redacted] x"),
    ("key sk-abcdefghijklmnop was refused", "key [redacted] was refused"),
    ("err sk_live_51H8abcdEF", "err [redacted]"), ("rk_test_51H8abcdEF whsec_abcdefgh1", "[redacted] [redacted]"),
    ("the bank is closed: come back at 9", "the bank is closed: come back at 9"), ("", ""),
  ])
  func `is masked, and nothing else`(_ text: String, _ expected: String) {
    #expect(Redaction.text(text) == expected)
  }
}
