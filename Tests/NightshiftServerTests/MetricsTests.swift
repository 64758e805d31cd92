import Foundation
import HTTPTypes
import Nightshift
import TestSupport
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `The metrics` {
  private static let deploy = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../deploy")
    .standardizedFileURL

  /// The page of a server on which a bit of everything has happened.
  private static func page() async throws -> String {
    try await TestAPI.run { test in
      _ = try await test.end(of: test.post(#"{"kind":"echo"}"#))
      _ = try await test.end(of: test.post(#"{"kind":"fail"}"#))
      _ = try await test.call(.put, "/api/limits/l", body: #"{"concurrency": 2, "kinds": ["echo"]}"#)
      _ = try await test.call(
        .put, "/api/breakers/b", body: #"{"kinds": ["echo"]}"#)
      _ = try await test.call(.put, "/api/profile/thresholds/echo", body: #"{"p95": "1s"}"#)
      _ = try await test.call(.get, "/api/nothing/here")
      return try await test.call(.get, "/metrics").text
    }
  }

  @Test func `tell how long jobs waited and ran, and requests took`() async throws {
    let page = try await Self.page()
    for line in [
      #"nightshift_job_duration_seconds_count{queue="default",kind="echo"} 1"#,
      #"nightshift_job_duration_seconds_bucket{queue="default",kind="fail",le="+Inf"} 1"#,
      #"nightshift_job_wait_seconds_count{queue="default",kind="echo"} 1"#,
      #"nightshift_http_request_duration_seconds_count{method="POST",route="/api/jobs",status="2xx"} 2"#,
      #"nightshift_http_request_duration_seconds_count{method="GET",route="none",status="4xx"} 1"#,
      #"nightshift_checkpoints_waiting{type="approval"} 0"#, "nightshift_schedule_lag_seconds 0",
      #"nightshift_telemetry_dropped_total{signal="profile"} 0"#, #"nightshift_kind_slow{kind="echo"} 0"#,
    ] { #expect(page.contains(line + "\n"), "\(line) is missing in:\n\(page)") }
  }

  @Test func `count up in each histogram, to all there are`() {
    var histogram = DurationHistogram()
    for microseconds in [1, 20_000, 999_999, 60_000_000, 900_000_000_000] as [Int64] { histogram.add(microseconds) }
    var text = PrometheusText()
    text.histograms("x_seconds", "Help.", bounds: PrometheusText.jobBounds, [([("q", "a\"b")], histogram)])
    let counts = text.text.split(separator: "\n").filter { $0.hasPrefix("x_seconds_bucket") }
      .compactMap { Int($0.split(separator: " ").last ?? "") }
    #expect(counts.count == PrometheusText.jobBounds.count + 1 && counts == counts.sorted() && counts.last == 5)
    #expect(counts.dropLast().last == 4)
    #expect(text.text.contains("x_seconds_bucket{q=\"a\\\"b\",le=\"0.25\"} 2\n"))
    for bound in PrometheusText.jobBounds + PrometheusText.requestBounds {
      #expect(DurationHistogram.bounds.contains(bound), "\(bound) would be counted wrongly")
    }
  }

  @Test func `have a bounded number of series, however many queues and kinds there are`() {
    var histogram = DurationHistogram()
    histogram.add(1)
    let series = (0..<250).map { DurationSeries(queue: "q", kind: "k\($0)", histogram: histogram) }
    let bounded = PrometheusText.bounded(series)
    #expect(bounded.count == PrometheusText.mostSeries + 1)
    #expect(bounded.last?.labels.map(\.1) == ["other", "other"] && bounded.last?.histogram.count == 150)
    #expect(PrometheusText.bounded(Array(series.prefix(3))).count == 3)
  }

  @Test(arguments: ["grafana/nightshift.json", "prometheus/alerts.yml"])
  func `has each name that dashboard and alerts ask for`(_ file: String) async throws {
    let page = try await Self.page()
    let text = try String(contentsOf: Self.deploy.appending(path: file), encoding: .utf8)
    var names = Set(text.matches(of: /\b(?:nightshift|process)_[a-z0-9_]+/).map { String($0.output) })
    names.remove("process_status")
    #expect(names.count > 10, "the scanner finds the names")
    // There is an observer only where something is sent.
    names.subtract(["nightshift_telemetry_sent_total", "nightshift_telemetry_waiting"])
    for name in names.sorted() {
      #expect(page.contains("\n\(name){") || page.contains("\n\(name) "), "\(file) asks for \(name)")
    }
  }

  @Test func `have alerts that do what they say`() async throws {
    for (arguments, file) in [
      (["check", "rules"], "prometheus/alerts.yml"), (["test", "rules"], "prometheus/alerts_test.yml"),
    ] {
      let tool = try await Tool.run(["promtool"] + arguments + [Self.deploy.appending(path: file).path])
      #expect(tool.status == 0, "promtool (scripts/setup installs it) said: \(tool.text)")
    }
  }

  @Test func `have a dashboard without gaps or overlaps`() throws {
    let json = try JSONValue(parsing: Data(contentsOf: Self.deploy.appending(path: "grafana/nightshift.json")))
    let panels = json["panels"]?.arrayValue ?? []
    #expect(Set(panels.compactMap { $0["id"]?.intValue }).count == panels.count && panels.count > 15)
    var cells: Set<String> = []
    for panel in panels {
      let place = try #require(panel["gridPos"])
      func side(_ name: String) -> Int { place[name]?.intValue ?? 0 }
      #expect(side("x") + side("w") <= 24)
      for x in side("x")..<(side("x") + side("w")) {
        for y in side("y")..<(side("y") + side("h")) {
          #expect(cells.insert("\(x),\(y)").inserted, "\(panel["title"] ?? "") lies over another")
        }
      }
    }
  }
}
