import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Nightshift

/// What the other side said, as far as it is kept.
struct HTTPAnswer: Sendable {
  let status: Int
  let headers: HTTPHeaders
  let body: [UInt8]
  /// Whether there was more than is kept. That is no failure: the call has been made.
  let isTruncated: Bool

  init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], isTruncated: Bool = false) {
    self.status = status
    self.headers = headers
    self.body = body
    self.isTruncated = isTruncated
  }

  init(_ response: HTTPClientResponse, limit: Int) async throws {
    var body: [UInt8] = []
    var isTruncated = false
    for try await chunk in response.body {
      body.append(contentsOf: chunk.readableBytesView.prefix(limit - body.count))
      // Leaving the loop closes the connection, so that the rest is not even sent.
      if body.count == limit, chunk.readableBytes > 0 {
        isTruncated = true
        break
      }
    }
    self.init(
      status: Int(response.status.code), headers: response.headers, body: body, isTruncated: isTruncated)
  }

  /// The job's result: `{status, headers, body}`, with `json` for `body` where it is JSON, and `bodyBase64`
  /// where it is no text.
  var json: JSONValue {
    var fields: [String: JSONValue] = ["status": .integer(Int64(status)), "headers": .object(headerFields)]
    if isTruncated { fields["truncated"] = true }
    let isJSON = headers.first(name: "Content-Type")?.lowercased().contains("json") == true
    if isJSON, !isTruncated, let value = Self.parse(body) {
      fields["json"] = value
    } else if let text = Self.text(body, isTruncated: isTruncated) {
      fields["body"] = .string(text)
    } else {
      fields["bodyBase64"] = .string(Data(body).base64EncodedString())
    }
    return .object(fields)
  }

  private var headerFields: [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    // A session's secret does not belong into a result, which others may read.
    for name in Set(headers.map { $0.name.lowercased() }) where name != "set-cookie" {
      fields[name] = .string(headers[name].joined(separator: ", "))
    }
    return fields
  }

  /// What calls itself JSON and is not is kept as text.
  private static func parse(_ bytes: [UInt8]) -> JSONValue? { try? JSONValue(parsing: bytes) }

  private static func text(_ bytes: [UInt8], isTruncated: Bool) -> String? {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    guard isTruncated else { return nil }
    // The cut may have gone through a character.
    let whole = bytes.lastIndex { $0 & 0xC0 != 0x80 }.map { bytes[..<$0] } ?? []
    return String(validating: whole, as: UTF8.self)
  }
}
