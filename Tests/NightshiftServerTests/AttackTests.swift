import Foundation
import HTTPTypes
import NIOCore
import Nightshift
import Testing

@testable import NightshiftServer

/// What somebody would try who means no good, over a real socket where that could matter.
@Suite(.timeLimit(.minutes(5))) struct `An attacker` {
  private static let password = "my very own words"

  private func signIn(_ test: TestAPI, role: Role = .operator) async throws -> (secret: String, csrf: String) {
    if try await test.engine.user("anna") == nil {
      _ = try await test.engine.addUser("anna", role: role, password: Self.password, by: .system)
    }
    let secret = try await test.engine.signIn("anna", password: Self.password, address: nil, agent: nil)
    return (secret, try #require(try await test.engine.session(secret)).csrf)
  }

  // MARK: Sessions

  @Test func `cannot fix a session beforehand, nor use one that has ended`() async throws {
    try await TestAPI.run(worker: false) { test in
      let planted = "nss_" + String(repeating: "A", count: 43)
      let (first, _) = try await signIn(test)
      let (second, _) = try await signIn(test)
      #expect(Set([planted, first, second]).count == 3, "each sign-in has a secret of its own")
      func status(_ secret: String) async throws -> Int {
        try await test.call(.get, "/api/me", as: nil, headers: [.cookie: "nightshift_session=\(secret)"]).status
      }
      #expect(try await status(planted) == 401)
      #expect(try await status(first) == 200)
      try await test.engine.endSession(first, by: Actor(id: "anna", role: .operator))
      #expect(try await status(first) == 401)
      #expect(try await status(second) == 200)
      // A cookie that another program on this host's name has set does not win over ours.
      let both: HTTPFields = [.cookie: "nightshift_session=\(planted); __Host-nightshift_session=\(second)"]
      #expect(try await test.call(.get, "/api/me", as: nil, headers: both).status == 200)
    }
  }

  @Test func `finds cookies that scripts cannot read and other sites do not send`() {
    for isSecure in [false, true] {
      let cookie = SessionCookie.setting("nss_x", isSecure: isSecure)
      let parts = cookie.split(separator: ";").map { $0.trimmingSpaces }
      #expect(parts.contains("HttpOnly") && parts.contains("SameSite=Lax") && parts.contains("Path=/"))
      #expect(parts.contains("Secure") == isSecure && parts[0].hasPrefix("__Host-") == isSecure)
      // With a domain, hosts beside us could set it.
      #expect(!cookie.contains("Domain"))
    }
  }

  @Test func `cannot have a signed-in browser change anything from another site`() async throws {
    try await TestAPI.run(worker: false) { test in
      let (secret, csrf) = try await signIn(test)
      let token = HTTPField.Name("X-CSRF-Token")!
      let site = HTTPField.Name("Sec-Fetch-Site")!
      let cookie: HTTPFields = [.cookie: "nightshift_session=\(secret)"]
      let wrong: [HTTPFields] = [
        [:], [token: ""], [token: "\(csrf)x"], [token: csrf, .origin: "https://evil.example"],
        [token: csrf, .origin: "null"], [token: csrf, site: "cross-site"], [token: csrf, site: "same-site"],
      ]
      for extra in wrong {
        var headers = cookie
        for field in extra { headers[field.name] = field.value }
        let answer = try await test.call(.post, "/api/pause", as: nil, headers: headers)
        #expect(answer.status == 403, "\(extra)")
      }
      // The token of somebody else's session is not this one's.
      let (_, other) = try await signIn(test)
      var headers = cookie
      headers[token] = other
      #expect(try await test.call(.post, "/api/pause", as: nil, headers: headers).status == 403)
      headers[token] = csrf
      #expect(try await test.call(.post, "/api/pause", as: nil, headers: headers).status < 300)
    }
  }

  // MARK: Rights

  @Test func `cannot get more from a token than it has`() async throws {
    try await TestAPI.run(worker: false) { test in
      let scopes: Set<TokenScope> = [TokenScope(.jobs, isWrite: false)]
      let secret = try await test.engine.createToken(
        name: "narrow", role: .admin, expiresAt: nil, scopes: scopes, by: .system
      ).secret
      let headers: HTTPFields = [.authorization: "Bearer \(secret)"]
      for route in RouteTable.api.routes where route.surface == .api && route.area != .jobs {
        guard case .role = route.access else { continue }
        let answer = try await test.call(
          route.method, route.examplePath, as: nil, headers: headers, body: route.exampleBody)
        #expect(answer.status == 403, "\(route.testDescription)")
      }
      for route in RouteTable.api.routes where route.area == .jobs && route.method != .get {
        let answer = try await test.call(
          route.method, route.examplePath, as: nil, headers: headers, body: route.exampleBody)
        #expect(answer.status == 403, "\(route.testDescription)")
      }
    }
  }

  @Test func `cannot make a token for itself, nor raise its own role`() async throws {
    try await TestAPI.run(worker: false) { test in
      let (secret, csrf) = try await signIn(test)
      let headers: HTTPFields = [
        .cookie: "nightshift_session=\(secret)", HTTPField.Name("X-CSRF-Token")!: csrf,
      ]
      for (method, path, body) in [
        (HTTPRequest.Method.post, "/api/tokens", #"{"name": "mine", "role": "admin"}"#),
        (.patch, "/api/users/anna", #"{"role": "admin"}"#), (.put, "/api/secrets/a", #"{"value": "b"}"#),
        (.get, "/api/audit", ""),
      ] {
        let answer = try await test.call(method, path, as: nil, headers: headers, body: body.isEmpty ? nil : body)
        #expect(answer.status == 403, "\(method) \(path)")
      }
    }
  }

  @Test(arguments: ["token", "access_token", "Token", "TOKEN", "%74oken"])
  func `gets nothing with a token in the URL, good as it may be`(_ name: String) async throws {
    try await TestAPI.run(worker: false) { test in
      let good = try #require(test.tokens[.admin])
      for headers in [[:], [.authorization: "Bearer \(good)"]] as [HTTPFields] {
        let answer = try await test.call(.get, "/api/jobs?\(name)=\(good)", as: nil, headers: headers)
        #expect(answer.status == 400 && answer.json["code"] == "token_in_url")
        #expect(!answer.text.contains(good))
      }
    }
  }

  // MARK: Bytes

  @Test(arguments: [
    "..%2f..%2fetc%2fpasswd", "../../../etc/passwd", "%2e%2e/%2e%2e/secret", "..%5c..%5cwindows", "a%00.txt",
    "%2e%2e%2f%2e%2e%2fmaster-key", "....//....//etc/passwd",
  ])
  func `cannot leave the folder of artifacts or pages`(_ path: String) async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind": "artifact"}"#)
      _ = try await test.end(of: id)
      let token = try #require(test.tokens[.admin])
      try await RawClient.serve(test) { client in
        for place in ["/api/jobs/\(id)/artifacts/", "/assets/", "/", "/api/"] {
          let answer = try await client.exchange(
            "GET \(place)\(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nConnection: close\r\n\r\n")
          #expect(answer.hasPrefix("HTTP/1.1 4"), "\(place)\(path): \(answer.prefix(40))")
          #expect(!answer.contains("root:"))
        }
      }
    }
  }

  @Test func `cannot split an answer by what it sends`() async throws {
    try await TestAPI.run(worker: false) { test in
      let token = try #require(test.tokens[.admin])
      try await RawClient.serve(test) { client in
        for path in [
          "/api/jobs/x%0d%0aSet-Cookie:%20evil=1", "/x%0d%0aSet-Cookie:%20evil=1",
          "/api/jobs?cursor=%0d%0aSet-Cookie:%20evil=1",
        ] {
          let answer = try await client.exchange(
            "GET \(path) HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nAuthorization: Bearer \(token)\r\n"
              + "X-Request-ID: a\u{b}b\r\nConnection: close\r\n\r\n")
          let head = answer.components(separatedBy: "\r\n\r\n").first ?? ""
          #expect(!head.lowercased().contains("set-cookie: evil"), "\(path)")
        }
        // White space before the colon is how requests are smuggled past proxies.
        let smuggled = try await client.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n")
        #expect(smuggled.hasPrefix("HTTP/1.1 400"))
      }
    }
  }

  @Test(arguments: [
    "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
    "/a\r\nX: y",
    "/a b", " /jobs", "/sign-out", "", "evil", "/ä", "///evil.example",
  ])
  func `cannot have anybody sent elsewhere after signing in`(_ next: String) {
    #expect(SignInPages.path(thenTo: next) == "/sign-in")
    #expect(SignInPages.safe(next) == nil)
  }

  @Test func `is cut off when it says too much or too little`() async throws {
    try await TestAPI.run(worker: false) { test in
      let token = try #require(test.tokens[.admin])
      try await RawClient.serve(test) { client in
        let large = String(repeating: "x", count: 3 << 20)
        let answer = try await client.exchange(
          "PUT /api/secrets/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "300000\r\n\(large)\r\n0\r\n\r\n")
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 413"))
        let next = try await client.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(next.hasPrefix("HTTP/1.1 200 OK"))
      }
    }
  }

  @Test func `cannot open a WebSocket from a page of its own`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind": "wait"}"#)
      let (secret, _) = try await signIn(test)
      try await RawClient.serve(test) { client in
        for origin in ["https://evil.example", "null", "http://a.evil.example", "http://127.0.0.1.evil.example"] {
          let answer = try await client.exchange(
            "GET /ws/jobs/\(id) HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n"
              + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: \(origin)\r\n"
              + "Cookie: nightshift_session=\(secret)\r\n\r\n")
          #expect(answer.hasPrefix("HTTP/1.1 403"), "\(origin): \(answer.prefix(60))")
        }
      }
    }
  }
}
