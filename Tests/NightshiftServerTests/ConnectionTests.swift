import NIOCore
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `A connection` {
  static let garbage: [(name: String, bytes: String, status: String)] = [
    ("noise", "\u{1}\u{2}garbage\r\n\r\n", "400"),
    ("no host", "GET /healthz HTTP/1.1\r\n\r\n", "400"),
    ("two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
    ("TLS", "\u{16}\u{3}\u{1}\u{2}hello", "400"),
    (
      "a huge header",
      "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Large: \(String(repeating: "x", count: 100_000))\r\n\r\n", "431"
    ),
    ("many headers", "GET /healthz HTTP/1.1\r\n\((0..<500).map { "X-\($0): a\r\n" }.joined())\r\n", "431"),
    ("a huge line", "GET /\(String(repeating: "a", count: 200_000)) HTTP/1.1\r\n\r\n", "431"),
    (
      "two lengths", "POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "400"
    ),
    (
      "a length and chunks",
      "POST /api/jobs HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"
    ),
  ]

  @Test(arguments: garbage.indices) func `answers what is no HTTP, and the next one is served`(_ index: Int)
    async throws
  {
    let (name, bytes, status) = Self.garbage[index]
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let answer = try await client.exchange(bytes)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(name): \(answer)")
        #expect(answer.contains("application/problem+json"))
        #expect(answer.contains("\"status\":\(status)"))
        let next = try await client.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(next.hasPrefix("HTTP/1.1 200 OK"))
      }
    }
  }

  @Test func `reports garbage also after a good request`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let bytes = Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let rest = try await client.session(bytes) { session in
          _ = try await session.text(upTo: "{\"status\":\"ok\"}")
          try await session.outbound.write(ByteBuffer(string: "\u{1}\u{2}\u{3}\r\n\r\n"))
          return String(decoding: try await session.rest(), as: UTF8.self)
        }
        #expect(rest.hasPrefix("HTTP/1.1 400 "))
        #expect(rest.contains("\"code\":\"malformed\""))
      }
    }
  }

  @Test(arguments: ["", "Host: a\r\nHost: b\r\n"])
  func `answers a request without a clear host last, also where it came along with others`(_ hosts: String)
    async throws
  {
    try await TestAPI.run { test in
      test.latch.open()
      try await RawClient.serve(test) { client in
        let good = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        let bad = "GET /readyz HTTP/1.1\r\n\(hosts)\r\n"
        for before in 1...3 {
          let answers = try await client.exchange(String(repeating: good, count: before) + bad + good)
          let statuses = answers.matches(of: #/HTTP/1\.1 (\d+)/#).map { String($0.1) }
          #expect(statuses == [String](repeating: "200", count: before) + ["400"], "\(answers)")
          #expect(answers.hasSuffix("}") && answers.contains("no `Host`, or more than one"), "\(answers)")
        }
        // The first answer is still being made when the second request is refused.
        let waiting =
          "POST /api/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(test.tokens[.admin]!)\r\nPrefer: wait=30\r\n"
          + "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"kind\":\"wait\"}"
        let answers = try await client.exchange(waiting + bad + "\u{1}\u{2}")
        #expect(answers.hasPrefix("HTTP/1.1 200 ") && answers.contains("\"completed\""), "\(answers)")
        #expect(answers.matches(of: #/HTTP/1\.1 (\d+)/#).count == 2 && answers.contains("\"status\":400"))
      }
    }
  }

  @Test func `is closed when a body is too large, before it is sent`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let answer = try await client.exchange(
          "POST /api/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(test.tokens[.admin]!)\r\n"
            + "Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{")
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.lowercased().contains("connection: close"))
      }
    }
  }

  @Test func `is asked to continue with a body that was announced`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let head =
          "POST /api/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(test.tokens[.admin]!)\r\n"
          + "Content-Type: application/json\r\nContent-Length: 15\r\nExpect: 100-continue\r\n"
          + "Connection: close\r\n\r\n"
        let answer = try await client.session(Array(head.utf8)) { session in
          let first = try await session.text(upTo: "\r\n\r\n")
          #expect(first.hasPrefix("HTTP/1.1 100 "))
          try await session.outbound.write(ByteBuffer(string: #"{"kind":"echo"}"#))
          return String(decoding: try await session.rest(), as: UTF8.self)
        }
        #expect(answer.hasPrefix("HTTP/1.1 202 Accepted"))
      }
    }
  }

  @Test func `answers requests that offer another protocol`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let answer = try await client.exchange(
          "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n"
            + "HTTP2-Settings: AAMAAABk\r\n\r\n"
        )
        #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
      }
    }
  }

  @Test func `keeps metrics from a proxy on the same host`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let local = try await client.exchange("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(local.hasPrefix("HTTP/1.1 200 OK"))
        let proxied = try await client.exchange(
          "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n")
        #expect(proxied.hasPrefix("HTTP/1.1 401 "))
      }
    }
  }

  @Test func `to a port that is taken is an error that says so`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test) { client in
        let second = APIServer(
          engine: test.engine, host: "127.0.0.1", port: client.port, logger: test.api.logger)
        let error = await #expect(throws: ServerError.self) { try await second.run() }
        #expect(error?.description.contains("another program listens there") == true)
      }
    }
  }
}
