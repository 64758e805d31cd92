import Nightshift
import Tracing

/// Spans as OTLP/HTTP wants them in JSON: ids in hexadecimal, 64-bit numbers as text, enums as numbers.
enum OTLPJSON {
  /// The longest text of an attribute, in bytes.
  static let mostText = 4 << 10

  static func body(_ spans: [FinishedSpan], resource: [String: String]) -> [UInt8] {
    let attributes = resource.sorted { $0.key < $1.key }.map { attribute($0.key, .string($0.value)) }
    let scope: JSONValue = ["name": "nightshift", "version": .string(NightshiftVersion.current)]
    let body: JSONValue = [
      "resourceSpans": [
        [
          "resource": ["attributes": .array(attributes)],
          "scopeSpans": [["scope": scope, "spans": .array(spans.map(span))]],
        ]
      ]
    ]
    return body.serialized()
  }

  static func span(_ span: FinishedSpan) -> JSONValue {
    var fields: [String: JSONValue] = [
      "traceId": .string(span.context.traceID), "spanId": .string(span.context.spanID),
      "flags": .integer(flags(span.context, parent: span.parent)), "name": .string(text(span.name)),
      "kind": .integer(kind(span.kind)), "startTimeUnixNano": .string("\(span.startedAt)"),
      "endTimeUnixNano": .string("\(span.endedAt)"), "attributes": .array(attributes(span.attributes)),
    ]
    if let parent = span.parent { fields["parentSpanId"] = .string(parent.spanID) }
    if let state = span.context.state { fields["traceState"] = .string(state) }
    if !span.events.isEmpty { fields["events"] = .array(span.events.map(event)) }
    if !span.links.isEmpty { fields["links"] = .array(span.links.map(link)) }
    if let status = span.status { fields["status"] = self.status(status) }
    if span.droppedAttributes > 0 { fields["droppedAttributesCount"] = .integer(Int64(span.droppedAttributes)) }
    if span.droppedEvents > 0 { fields["droppedEventsCount"] = .integer(Int64(span.droppedEvents)) }
    return .object(fields)
  }

  /// W3C's flags, and above them whether it is known that the parent came from elsewhere, and whether it did.
  private static func flags(_ context: TraceContext, parent: TraceContext?) -> Int64 {
    (context.isSampled ? 1 : 0) | 0x100 | (parent?.isRemote == true ? 0x200 : 0)
  }

  private static func kind(_ kind: SpanKind) -> Int64 {
    switch kind {
    case .internal: 1
    case .server: 2
    case .client: 3
    case .producer: 4
    case .consumer: 5
    }
  }

  private static func status(_ status: SpanStatus) -> JSONValue {
    let code: Int64 = status.code == .ok ? 1 : 2
    return .object(
      ["code": .integer(code)].merging(status.message.map { ["message": .string(text($0))] } ?? [:]) { $1 })
  }

  private static func event(_ event: FinishedSpan.Event) -> JSONValue {
    [
      "timeUnixNano": .string("\(event.at)"), "name": .string(text(event.name)),
      "attributes": .array(attributes(event.attributes)),
    ]
  }

  private static func link(_ link: FinishedSpan.Link) -> JSONValue {
    [
      "traceId": .string(link.context.traceID), "spanId": .string(link.context.spanID),
      "flags": .integer(flags(link.context, parent: link.context)),
      "attributes": .array(attributes(link.attributes)),
    ]
  }

  private static func attributes(_ attributes: [String: SpanAttribute]) -> [JSONValue] {
    attributes.sorted { $0.key < $1.key }.compactMap { name, value in
      // Queries of URLs carry tokens and people's names.
      if name == "url.query" { return nil }
      if name == "url.full", case .string(let url) = value {
        return attribute(name, .string(String(url.prefix { $0 != "?" && $0 != "#" })))
      }
      return attribute(name, value)
    }
  }

  private static func attribute(_ name: String, _ value: SpanAttribute) -> JSONValue {
    ["key": .string(text(name)), "value": self.value(value)]
  }

  private static func value(_ value: SpanAttribute) -> JSONValue {
    switch value {
    case .int32(let number): ["intValue": .string("\(number)")]
    case .int64(let number): ["intValue": .string("\(number)")]
    case .double(let number): number.isFinite ? ["doubleValue": .number(number)] : ["stringValue": .string("\(number)")]
    case .bool(let flag): ["boolValue": .bool(flag)]
    case .string(let text): ["stringValue": .string(Self.text(text))]
    case .stringConvertible(let value): ["stringValue": .string(text("\(value)"))]
    case .int32Array(let numbers): array(numbers.map { .int64(Int64($0)) })
    case .int64Array(let numbers): array(numbers.map { .int64($0) })
    case .doubleArray(let numbers): array(numbers.map { .double($0) })
    case .boolArray(let flags): array(flags.map { .bool($0) })
    case .stringArray(let texts): array(texts.map { .string($0) })
    case .stringConvertibleArray(let values): array(values.map { .string("\($0)") })
    default: ["stringValue": ""]
    }
  }

  private static func array(_ values: [SpanAttribute]) -> JSONValue {
    ["arrayValue": ["values": .array(values.prefix(FinishedSpan.mostAttributes).map(value))]]
  }

  private static func text(_ text: String) -> String { text.truncatedUTF8(to: mostText) }
}
