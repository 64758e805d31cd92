import Foundation
import Nightshift

/// One error as Sentry takes it. Never a payload, a result or an environment.
struct SentryEvent: Sendable {
  /// Sentry refuses longer ones.
  static let mostTag = 200
  static let mostBreadcrumbs = 50

  enum Level: String, Sendable { case error, fatal }

  struct Breadcrumb: Sendable {
    var at: Timestamp
    var level: String
    var message: String
  }

  var id = UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
  var at: Timestamp
  var level = Level.error
  /// What failed, such as `jobs/send-invoice`.
  var transaction: String
  var failure: Failure
  /// Whether the program knew what to do with the error: a crash was handled by nobody.
  var isHandled = true
  var tags: [String: String] = [:]
  /// Reports with the same fingerprint are one issue.
  var fingerprint: [String]
  var trace: TraceContext?
  var breadcrumbs: [Breadcrumb] = []

  func json(_ configuration: ErrorsConfiguration) -> JSONValue {
    let exception: JSONValue = [
      "type": .string(failure.type), "value": .string(Redaction.text(failure.message)),
      "mechanism": ["type": "generic", "handled": .bool(isHandled)],
    ]
    var fields: [String: JSONValue] = [
      "event_id": .string(id), "timestamp": .string(at.rfc3339), "platform": "other", "level": .string(level.rawValue),
      "logger": "nightshift", "transaction": .string(transaction), "server_name": .string(configuration.server),
      "release": .string(configuration.release), "environment": .string(configuration.environment),
      "tags": .object(tags.mapValues { .string($0.truncatedUTF8(to: Self.mostTag)) }),
      "fingerprint": .array(fingerprint.map { .string($0) }), "exception": ["values": [exception]],
      "sdk": ["name": "nightshift.swift", "version": .string(NightshiftVersion.current)],
    ]
    if !breadcrumbs.isEmpty {
      fields["breadcrumbs"] = ["values": .array(breadcrumbs.suffix(Self.mostBreadcrumbs).map(\.json))]
    }
    if let trace {
      fields["contexts"] = [
        "trace": ["trace_id": .string(trace.traceID), "span_id": .string(trace.spanID), "op": "job"]
      ]
    }
    return .object(fields)
  }

  /// The lines that are posted: the envelope's header, the item's, and the event.
  func envelope(_ configuration: ErrorsConfiguration, sentAt: Timestamp) -> [UInt8] {
    let event = json(configuration).serialized()
    let header: JSONValue = ["event_id": .string(id), "sent_at": .string(sentAt.rfc3339)]
    let item: JSONValue = [
      "type": "event", "length": .integer(Int64(event.count)), "content_type": "application/json",
    ]
    let newline = UInt8(ascii: "\n")
    return header.serialized() + [newline] + item.serialized() + [newline] + event + [newline]
  }
}

extension SentryEvent.Breadcrumb {
  fileprivate var json: JSONValue {
    [
      "timestamp": .number(Double(at.microseconds) / 1_000_000), "type": "default", "category": "job.log",
      "level": .string(Self.level(level)),
      "message": .string(Redaction.text(message).truncatedUTF8(to: 1_000)),
    ]
  }

  /// Our levels in Sentry's words.
  private static func level(_ level: String) -> String {
    switch level {
    case "trace", "debug": "debug"
    case "warning": "warning"
    case "error": "error"
    case "critical": "fatal"
    default: "info"
    }
  }
}
