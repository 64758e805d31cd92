import Foundation
import Logging
import Nightshift
import NightshiftTesting
import TestSupport

@testable import NightshiftTelemetry

let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// An engine whose traces and errors go to a server of the test's own.
struct TelemetryFixture {
  let test: TestEngine
  let telemetry: Telemetry
  var engine: Engine { test.engine }

  init(
    traces: StubServer? = nil, errors: StubServer? = nil, sampler: SpanSampler = .parentBased(.always),
    rule: ErrorsConfiguration.Rule = .final, clock: any WallClock = SystemClock(),
    configure: (inout EngineConfiguration) -> Void = { _ in }
  ) async throws {
    var tracing = traces.map { TracesConfiguration(endpoint: $0.url, service: "shop") }
    tracing?.sampler = sampler
    tracing?.headers = [("api-key", "42")]
    tracing?.timeout = .seconds(2)
    let address = errors.map { $0.url.replacingOccurrences(of: "http://", with: "http://abc123@") }
    var reporting = address.flatMap { SentryDSN("\($0)/sentry/7") }.map {
      ErrorsConfiguration(dsn: $0, environment: "staging", release: "shop@1.2", server: "host-1")
    }
    reporting?.rule = rule
    reporting?.timeout = .seconds(2)
    telemetry = Telemetry(traces: tracing, errors: reporting, clock: clock, logger: quiet)
    var configuration = EngineConfiguration()
    configuration.observer = telemetry.observer
    configure(&configuration)
    test = try await TestEngine(configuration: configuration)
    telemetry.follow(test.engine)
  }

  func add(_ kind: JobKind, _ payload: String = "1", traceparent: String? = nil) async throws -> JobID {
    var options = JobOptions()
    options.traceparent = traceparent
    let draft = JobDraft(kind: kind, payload: Array(payload.utf8), options: options)
    return try await engine.submit([draft], actor: .system)[0].id
  }
}

/// A span as a collector reads it.
struct ReceivedSpan {
  let json: JSONValue

  var name: String { json["name"]?.stringValue ?? "" }
  var kind: Int { json["kind"]?.intValue ?? 0 }
  var id: String { json["spanId"]?.stringValue ?? "" }
  var parent: String? { json["parentSpanId"]?.stringValue }
  var trace: String { json["traceId"]?.stringValue ?? "" }
  var status: Int { json["status"]?["code"]?.intValue ?? 0 }
  var events: [JSONValue] { json["events"]?.arrayValue ?? [] }

  subscript(name: String) -> String? { Self.attribute(name, json["attributes"]) }

  static func attribute(_ name: String, _ attributes: JSONValue?) -> String? {
    let value = attributes?.arrayValue?.first { $0["key"]?.stringValue == name }?["value"]
    return value?["stringValue"]?.stringValue ?? value?["intValue"]?.stringValue
  }
}

extension StubServer {
  /// All spans that have come, with the outermost last, as they ended.
  var spans: [ReceivedSpan] {
    received.flatMap { request -> [ReceivedSpan] in
      // A test that finds no span where one should be says so.
      guard let body = try? JSONValue(parsing: request.body.utf8) else { return [] }
      let scopes = (body["resourceSpans"]?.arrayValue ?? []).flatMap { $0["scopeSpans"]?.arrayValue ?? [] }
      return scopes.flatMap { $0["spans"]?.arrayValue ?? [] }.map(ReceivedSpan.init)
    }
  }
}

extension StubServer.Request {
  /// The three lines of an envelope, each as JSON.
  var envelope: [JSONValue] {
    body.split(separator: "\n").compactMap { try? JSONValue(parsing: $0.utf8) }  // as above
  }
}
