import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Nightshift

/// The payload of an `http` job.
struct HTTPCall: Sendable, Hashable {
  static let timeoutLimit = Duration.seconds(900)
  private static let responseLimit = 1 << 20

  var url: String
  var method = "GET"
  var headers: [String: String] = [:]
  var body: [UInt8]?
  var isJSON = false
  var timeout = Duration.seconds(30)
  /// Statuses that count as success; `nil` for all of 200 to 299.
  var expect: Set<Int>?
  /// Statuses after which to try again; `nil` for 408, 425, 429 and all of 500 to 599.
  var retryOn: [StatusClass]?
  /// How much of the answer is kept.
  var maxResponseBytes = 256 << 10

  /// One status, or a hundred of them.
  enum StatusClass: Sendable, Hashable {
    case status(Int)
    /// `5xx`
    case hundred(Int)

    func contains(_ status: Int) -> Bool {
      switch self {
      case .status(let one): one == status
      case .hundred(let hundred): hundred == status / 100
      }
    }
  }

  /// Whether a status is worth another attempt.
  func retries(on status: Int) -> Bool {
    let classes = retryOn ?? [.status(408), .status(425), .status(429), .hundred(5)]
    return classes.contains { $0.contains(status) }
  }

  func isSuccess(_ status: Int) -> Bool { expect?.contains(status) ?? (200...299).contains(status) }
}

extension HTTPCall {
  /// What payloads must look like; checked at enqueue.
  static let schema = PayloadSchema(readBefore: schemaJSON)

  static let schemaJSON: JSONValue = [
    "type": "object", "required": ["url"], "additionalProperties": false,
    "properties": [
      "url": ["type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\\s]", "maxLength": 8192],
      "method": ["type": "string", "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]],
      "headers": ["type": "object", "additionalProperties": ["type": "string"], "maxProperties": 100],
      "body": ["type": "string"],
      "json": [:],
      "timeout": ["type": "string", "description": "Such as 30s, at most 15m"],
      "expect": [
        "type": "array", "items": ["type": "integer", "minimum": 100, "maximum": 599], "minItems": 1,
      ],
      "retryOn": [
        "type": "array",
        "items": [
          "anyOf": [
            ["type": "integer", "minimum": 100, "maximum": 599], ["type": "string", "pattern": "^[1-5]xx$"],
          ]
        ],
      ],
      "maxResponseBytes": ["type": "integer", "minimum": 0, "maximum": .integer(Int64(responseLimit))],
    ],
    "not": ["required": ["body", "json"]],
  ]

  /// Reads a payload, which passed the schema when it was enqueued, perhaps by an older version.
  init(parsing payload: [UInt8]) throws {
    let json = try JSONValue(parsing: payload)
    let faults = Self.schema.faults(in: json)
    guard faults.isEmpty else {
      throw PermanentFailure("the payload is no call: \(faults.map(\.description).joined(separator: "; "))")
    }
    guard let url = json["url"]?.stringValue, URL(string: url)?.host() != nil else {
      throw PermanentFailure("#/url: must be a URL with a host, such as https://example.com/hook")
    }
    self.init(url: url)
    method = json["method"]?.stringValue ?? (json["body"] == nil && json["json"] == nil ? "GET" : "POST")
    headers = try Self.headers(json["headers"])
    isJSON = json["json"] != nil
    body = json["json"]?.serialized() ?? json["body"]?.stringValue.map { Array($0.utf8) }
    if let text = json["timeout"]?.stringValue {
      guard let timeout = Duration(text: text), timeout > .zero, timeout <= Self.timeoutLimit else {
        throw PermanentFailure(
          "#/timeout: must be \(DurationText.rule), and at most 15m here; got \"\(text)\"")
      }
      self.timeout = timeout
    }
    expect = (json["expect"]?.arrayValue).map { Set($0.compactMap(\.intValue)) }
    retryOn = json["retryOn"]?.arrayValue?.compactMap(StatusClass.init)
    maxResponseBytes = json["maxResponseBytes"]?.intValue ?? maxResponseBytes
  }

  private static func headers(_ json: JSONValue?) throws -> [String: String] {
    var headers: [String: String] = [:]
    for (name, value) in json?.objectValue ?? [:] {
      // A line break would let a payload write headers, or a second request, of its own.
      let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
      let text = value.stringValue ?? ""
      guard isName, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
        throw PermanentFailure("#/headers: \"\(name.prefix(100))\" is no header that can be sent")
      }
      headers[name] = text
    }
    return headers
  }
}

extension HTTPCall.StatusClass {
  fileprivate init?(_ json: JSONValue) {
    if let status = json.intValue {
      self = .status(status)
    } else if let hundred = json.stringValue?.first?.wholeNumberValue {
      self = .hundred(hundred)
    } else {
      return nil
    }
  }
}

extension HTTPCall {
  /// The request. What the payload says of a header has the last word.
  func request(idempotencyKey: String?, traceparent: String?) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: url)
    request.method = HTTPMethod(rawValue: method)
    request.headers.add(name: "User-Agent", value: "nightshift")
    if isJSON { request.headers.add(name: "Content-Type", value: "application/json") }
    if let idempotencyKey { request.headers.add(name: "Idempotency-Key", value: idempotencyKey) }
    if let traceparent { request.headers.add(name: "traceparent", value: traceparent) }
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
    return request
  }

  /// The same for each attempt of a job, another when a person has edited the payload; `nil` for requests
  /// that change nothing.
  func idempotencyKey(for job: String, payload: [UInt8]) -> String? {
    guard !["GET", "HEAD", "OPTIONS"].contains(method) else { return nil }
    // FNV-1a: it only has to differ between the few payloads that one job has had.
    let hash = payload.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return "\(job)-\(String(hash, radix: 16))"
  }
}
