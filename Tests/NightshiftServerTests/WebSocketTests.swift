import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `A WebSocket` {
  @Test(arguments: ["/api/jobs/ID/events", "/ws/jobs/ID"])
  func `follows a job to its end, then is closed`(_ path: String) async throws {
    try await TestAPI.run { test in
      try await RawClient.serve(test) { client in
        let id = try await test.post(#"{"kind":"wait","payload":{"n":1}}"#)
        let request = test.handshake(
          path.replacing("ID", with: id), protocols: "nightshift.v1, bearer.\(test.tokens[.viewer]!)")
        try await client.session(request) { session in
          let head = try await session.text(upTo: "\r\n\r\n")
          #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols"))
          #expect(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the accept value of RFC 6455's own example")
          #expect(head.lowercased().contains("sec-websocket-protocol: nightshift.v1\r\n"))
          #expect(!head.contains("bearer."), "a secret is never said back")
          let snapshot = try #require(try await session.message())
          #expect(snapshot["type"] == "snapshot")
          #expect(snapshot["id"]?.stringValue?.hasPrefix("v") == true)
          try await session.send(opcode: 9, Array("ping".utf8))
          var pong = try await session.frame()
          while let frame = pong, frame.opcode == 1 { pong = try await session.frame() }
          #expect(pong?.opcode == 10)
          #expect(pong?.data == Array("ping".utf8))
          test.latch.open()
          var last: JSONValue?
          while let message = try await session.message() { last = message }
          #expect(last?["type"] == "end")
          #expect(last?["data"]?["result"] == ["n": 1])
          #expect(session.closeCode == 1000)
        }
      }
    }
  }

  @Test func `takes the token from the header too`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let request = test.handshake(
          "/api/events", headers: "Authorization: Bearer \(test.tokens[.viewer]!)\r\n")
        let head = try await client.session(request) { try await $0.text(upTo: "\r\n\r\n") }
        #expect(head.hasPrefix("HTTP/1.1 101 "))
        #expect(!head.lowercased().contains("sec-websocket-protocol"))
      }
    }
  }

  static let refused: [(name: String, path: String, protocols: String, headers: String, status: String)] = [
    ("without a token", "/api/events", "nightshift.v1", "", "401"),
    ("with a wrong token", "/api/events", "nightshift.v1, bearer.abc", "", "401"),
    ("with a token in the URL", "/api/events?token=abc", "nightshift.v1", "", "400"),
    (
      "from a strange page", "/api/events", "nightshift.v1, bearer.TOKEN", "Origin: https://evil.example\r\n",
      "403"
    ),
    ("for a job that is not there", "/ws/jobs/job_0000000000001", "nightshift.v1, bearer.TOKEN", "", "404"),
    ("where there is no stream", "/healthz", "nightshift.v1, bearer.TOKEN", "", "200"),
  ]

  @Test(arguments: refused.indices) func `is refused with an ordinary answer`(_ index: Int) async throws {
    let (name, path, protocols, headers, status) = Self.refused[index]
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let offered = protocols.replacing("TOKEN", with: test.tokens[.viewer]!)
        let request = test.handshake(path, protocols: offered, headers: headers)
        let head = try await client.session(request) { try await $0.text(upTo: "\r\n\r\n") }
        #expect(head.hasPrefix("HTTP/1.1 \(status) "), "\(name): \(head)")
      }
    }
  }

  @Test func `from a page of the same host is let in`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let request = test.handshake(
          "/api/events", protocols: "nightshift.v1, bearer.\(test.tokens[.viewer]!)",
          headers: "Origin: http://a\r\n")
        let head = try await client.session(request) { try await $0.text(upTo: "\r\n\r\n") }
        #expect(head.hasPrefix("HTTP/1.1 101 "))
      }
    }
  }

  @Test func `that says too much is closed`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let request = test.handshake("/api/events", protocols: "bearer.\(test.tokens[.viewer]!)")
        try await client.session(request) { session in
          _ = try await session.text(upTo: "\r\n\r\n")
          try await session.send(opcode: 1, Array(repeating: 65, count: 10_000))
          while try await session.message() != nil {}
          #expect(session.closeCode == 1009)
        }
      }
    }
  }

  @Test func `that does not mask what it says is closed`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let request = test.handshake("/api/events", protocols: "bearer.\(test.tokens[.viewer]!)")
        try await client.session(request) { session in
          _ = try await session.text(upTo: "\r\n\r\n")
          try await session.sendUnmasked(opcode: 9, Array("ping".utf8))
          while try await session.message() != nil {}
          #expect(session.closeCode == 1002)
        }
      }
    }
  }

  @Test func `that is closed by its peer is answered`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let request = test.handshake("/api/events", protocols: "bearer.\(test.tokens[.viewer]!)")
        try await client.session(request) { session in
          _ = try await session.text(upTo: "\r\n\r\n")
          try await session.send(opcode: 8, [0x03, 0xe8])
          while try await session.message() != nil {}
          #expect(session.closeCode == 1000)
        }
      }
    }
  }
}

extension TestAPI {
  /// The handshake of RFC 6455's own example.
  func handshake(_ path: String, protocols: String? = nil, headers: String = "") -> [UInt8] {
    let offered = protocols.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? ""
    return Array(
      ("GET \(path) HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\(offered)\(headers)\r\n")
        .utf8)
  }
}

extension RawClient.Session {
  /// The next text message; `nil` once the server has closed.
  mutating func message() async throws -> JSONValue? {
    while let (opcode, data) = try await frame() {
      switch opcode {
      case 1: return try JSONValue(parsing: data)
      case 8:
        closeCode = data.count < 2 ? nil : Int(data[0]) << 8 | Int(data[1])
        try? await send(opcode: 8, Array(data.prefix(2)))  // It may have hung up already.
        return nil
      default: break
      }
    }
    return nil
  }
}
