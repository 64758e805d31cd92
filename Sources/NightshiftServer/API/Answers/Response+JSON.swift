import HTTPTypes
import HummingbirdCore
import NIOCore
import Nightshift

extension Response {
  /// An answer in JSON, its fields sorted by name.
  static func json(
    _ value: JSONValue, status: HTTPResponse.Status = .ok, type: String = "application/json",
    headers: HTTPFields = [:]
  ) -> Response {
    bytes(
      (Redactor.current?.answer(value) ?? value).serialized(), type: type, status: status, headers: headers)
  }

  static func bytes(
    _ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    var headers = headers
    headers[.contentType] = type
    return Response(status: status, headers: headers, body: .chunked(ByteBuffer(bytes: bytes)))
  }

  static func problem(_ problem: Problem, requestID: String) -> Response {
    json(
      problem.json(requestID: requestID), status: problem.status, type: "application/problem+json",
      headers: problem.headers)
  }
}

extension Response {
  /// The way to another page, which is then asked for with GET.
  static func seeOther(_ path: String, headers: HTTPFields = [:]) -> Response {
    var headers = headers
    headers[.location] = path
    return Response(status: .seeOther, headers: headers)
  }
}

extension ResponseBody {
  /// Bytes that are handed to the socket in pieces, so that a slow but steady reader is told from one that
  /// stands still (``StalledPeerHandler``).
  static func chunked(_ buffer: ByteBuffer, size: Int = 64 << 10) -> ResponseBody {
    guard buffer.readableBytes > size else { return ResponseBody(byteBuffer: buffer) }
    return ResponseBody(contentLength: buffer.readableBytes) { writer in
      var rest = buffer
      while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
        try await writer.write(piece)
      }
      try await writer.finish(nil)
    }
  }
}

extension JSONValue {
  init(_ moment: Timestamp) { self = .string(moment.rfc3339) }

  init(_ number: Int) { self = .integer(Int64(number)) }

  /// Stored JSON. What is no JSON after all is shown as text rather than not at all.
  init(stored bytes: [UInt8]) {
    do {
      self = try JSONValue(parsing: bytes)
    } catch {
      self = .string(String(decoding: bytes, as: UTF8.self))
    }
  }
}
