import Foundation
import Nightshift
import TestSupport
import Testing

@testable import NightshiftCLI

@Suite(.timeLimit(.minutes(3))) struct `What leaves a server` {
  private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  private static func spans(_ collector: StubServer) -> [JSONValue] {
    collector.received.flatMap { request -> [JSONValue] in
      // A test that finds no span where one should be says so.
      let body = try? JSONValue(parsing: request.body.utf8)
      return body?["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]?.arrayValue ?? []
    }
  }

  @Test func `is one trace from the request to the script, an error report, and lines that name both`() async throws {
    let (collector, sentry) = (try await StubServer.start(.response(200)), try await StubServer.start(.response(200)))
    var binary = Binary(folder: TemporaryFolder())
    binary.environment = [
      "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "shop",
      "SENTRY_DSN": sentry.url.replacingOccurrences(of: "http://", with: "http://key@") + "/7",
      "NIGHTSHIFT_LOG_LEVEL": "debug",
    ]
    try binary.folder.write(
      #"command: [bash, -c, 'echo "trace $TRACEPARENT"; echo "token=hunter2222"; exit 3']"# + "\nmaxAttempts: 1\n",
      to: "jobs/pay/job.yaml")
    let server = try await binary.serve()
    let url = try JSONValue(parsing: binary.folder.read("nightshift-data/server.json").utf8).text("url")
    let posted = try await binary.shell(
      """
      curl -s -H "Authorization: Bearer $(cat nightshift-data/admin-token)" -H 'Content-Type: application/json' \
      -H 'traceparent: \(Self.traceparent)' -H 'X-Request-ID: my-request' -d '{"kind": "pay"}' '\(url)/api/jobs'
      """)
    let id = try posted.json().text("id")
    try await eventually { try await binary.run("jobs", "show", id, "--json").json().text("state") == "dead" }
    let logs = try await binary.run("jobs", "show", id).output
    let ended = try await server.stop()
    #expect(ended.status == 0, "\(ended.errors)")
    let spans = Self.spans(collector)
    let attempt = try #require(spans.first { $0.text("name") == "process pay" })
    let request = try #require(spans.first { $0.text("name") == "POST /api/jobs" })
    #expect(attempt.text("traceId") == "4bf92f3577b34da6a3ce929d0e0e4736")
    #expect(
      attempt.text("parentSpanId") == request.text("spanId") && request.text("parentSpanId") == "00f067aa0ba902b7")
    #expect(attempt["status"]?["code"] == 2)
    #expect(logs.contains("trace 00-4bf92f3577b34da6a3ce929d0e0e4736-\(attempt.text("spanId"))-01"), "\(logs)")
    let report = try #require(sentry.received.first)
    #expect(sentry.received.count == 1 && report.body.contains(#""job.kind":"pay""#) && report.body.contains(id))
    #expect(report.body.contains("token=[redacted]") && !report.body.contains("hunter2222"))
    // What the server says to people stands between the lines of the log.
    let lines = ended.errors.split(separator: "\n").filter { $0.hasPrefix("{") }
    #expect(lines.allSatisfy { (try? JSONValue(parsing: $0.utf8)) != nil })
    #expect(
      lines.contains {
        $0.contains(#""request":"my-request""#) && $0.contains(#""trace":"4bf92f3577b34da6a3ce929d0e0e4736""#)
      }, "\(ended.errors)")
  }

  @Test func `does not keep it from stopping when nobody takes it`() async throws {
    let silent = try await StubServer.start(.silence)
    var binary = Binary(folder: TemporaryFolder())
    binary.environment = [
      "OTEL_EXPORTER_OTLP_ENDPOINT": silent.url,
      "SENTRY_DSN": silent.url.replacingOccurrences(of: "http://", with: "http://key@") + "/7",
    ]
    try binary.folder.write("command: [bash, -c, 'exit 3']\nmaxAttempts: 1\n", to: "jobs/pay/job.yaml")
    let server = try await binary.serve()
    _ = try await binary.run("enqueue", "pay", "--wait")
    let clock = SystemClock()
    let began = clock.monotonic
    #expect(try await server.stop().status == 0)
    // Five seconds, and what a busy machine adds to that; without a bound it would be a minute at least.
    #expect(Duration.nanoseconds(clock.monotonic - began) < .seconds(45))
  }

  @Test func `is refused where it cannot be, and never shown`() async throws {
    var binary = Binary(folder: TemporaryFolder())
    binary.environment = [
      "OTEL_EXPORTER_OTLP_HEADERS": "api-key=s3cret-header", "SENTRY_DSN": "https://s3cret-key@sentry.example/7",
    ]
    let shown = try await binary.run("config").output
    #expect(shown.contains("OTEL_TRACES_SAMPLER") && !shown.contains("s3cret"), "\(shown)")
    binary.environment = [
      "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317", "OTEL_TRACES_SAMPLER": "sometimes",
      "OTEL_TRACES_SAMPLER_ARG": "2", "OTEL_EXPORTER_OTLP_HEADERS": "s3cret-header", "SENTRY_DSN": "s3cret-key",
    ]
    let refused = try await binary.run("config")
    #expect(refused.status == 64 && !refused.errors.contains("s3cret"), "\(refused.errors)")
    for key in ["traces.endpoint", "traces.sampler", "traces.samplerArgument", "traces.headers", "sentry.dsn"] {
      #expect(refused.errors.contains("`\(key)`"), "\(refused.errors)")
    }
  }

  @Test func `stays, for the profile`() async throws {
    let binary = Binary(folder: TemporaryFolder())
    try binary.folder.write("command: [bash, -c, cat]\n", to: "jobs/echo/job.yaml")
    let server = try await binary.serve()
    _ = try await binary.run("enqueue", "echo", "--wait")
    let watched = try await binary.run("profile", "watch", "echo", "--p95", "2s", "--over", "30m")
    #expect(
      watched.output == "echo counts as slow when its p95 over 30m is above 2s, with 20 attempts or more.\n",
      "\(watched.errors)")
    _ = try await server.stop()
    let all = try await binary.run("profile")
    #expect(all.output.contains("KIND") && all.output.contains("echo"), "\(all.output) \(all.errors)")
    let one = try await binary.run("profile", "echo").output
    #expect(one.contains("echo: 1 attempt, 0 failed") && one.contains("job_"), "\(one)")
    #expect(one.contains("watched for a p95 over 30m above 2s: not slow"))
    #expect(try await binary.run("profile", "--json").json().items("thresholds").count == 1)
    #expect(try await binary.run("profile", "unwatch", "echo").output == "echo is not watched any more.\n")
    #expect(try await binary.run("profile", "unwatch", "echo").status == 1)
  }
}
