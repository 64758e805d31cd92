import HTTPTypes
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftServer

@Suite struct `The client's address` {
  private static let forwarded = HTTPField.Name("X-Forwarded-For")!
  private static let proto = HTTPField.Name("X-Forwarded-Proto")!
  private let proxies = TrustedProxies(
    blocks: ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "127.0.0.1"].map { AddressBlock($0)! })

  private func resolve(
    _ peer: String, _ forwarded: [String], proto: String? = nil, isTLS: Bool = false
  ) -> (address: String?, isLoopback: Bool, isSecure: Bool) {
    var headers = HTTPFields(forwarded.map { HTTPField(name: Self.forwarded, value: $0) })
    headers[Self.proto] = proto
    let origin = Origin.socket(address: peer, isLoopback: peer.hasPrefix("127."))
    guard case .socket(let address, let isLoopback, let isSecure) = proxies.resolve(origin, headers, isTLS: isTLS)
    else {
      return (nil, false, false)
    }
    return (address, isLoopback, isSecure)
  }

  @Test func `is the peer's, whatever the headers of a stranger say`() {
    let found = resolve("203.0.113.5", ["198.51.100.1"], proto: "https")
    #expect(found.address == "203.0.113.5" && !found.isSecure)
  }

  @Test(arguments: [
    (["198.51.100.1"], "198.51.100.1"),
    // What stands on the left the client may have written itself.
    (["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
    (["1.2.3.4", "198.51.100.1, 10.9.9.9"], "198.51.100.1"),
    (["198.51.100.1:4711"], "198.51.100.1"),
    (["[2001:db8::1]:4711"], "2001:db8::1"),
    (["2001:db8::1, fd00::7"], "2001:db8::1"),
    (["::ffff:198.51.100.1, ::ffff:10.0.0.9"], "::ffff:198.51.100.1"),
    // A word that is no address ends what is believed.
    (["198.51.100.1, unknown"], "10.1.2.3"),
    (["198.51.100.1, '; DROP TABLE, 10.0.0.7"], "10.0.0.7"),
    ([""], "10.1.2.3"), ([], "10.1.2.3"), (["10.0.0.9"], "10.0.0.9"),
  ])
  func `is the first from the right that is no proxy of ours`(_ forwarded: [String], _ expected: String) {
    #expect(resolve("10.1.2.3", forwarded).address == expected)
  }

  @Test func `is not this host's when a proxy on this host speaks for another`() {
    #expect(!resolve("127.0.0.1", ["198.51.100.1"]).isLoopback)
    #expect(!resolve("127.0.0.1", ["127.0.0.2"]).isLoopback)
    #expect(resolve("127.0.0.1", []).isLoopback)
  }

  @Test func `comes with whether the client's own connection is encrypted`() {
    #expect(resolve("10.1.2.3", ["1.1.1.1"], proto: "https").isSecure)
    #expect(resolve("10.1.2.3", ["1.1.1.1"], proto: "https, http").isSecure == false)
    #expect(resolve("10.1.2.3", ["1.1.1.1"], proto: "http", isTLS: true).isSecure == false)
    #expect(resolve("10.1.2.3", ["1.1.1.1"], isTLS: true).isSecure)
    #expect(resolve("203.0.113.5", [], isTLS: true).isSecure)
  }

  @Test(arguments: [
    "", "10", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "localhost", "10.0.0.0/+8", "fe80::1/ 8",
  ])
  func `has blocks that are written in one way`(_ text: String) { #expect(AddressBlock(text) == nil) }

  @Test func `is what the audit log and cookies go by`() async throws {
    var options = ServerOptions()
    options.trustedProxies = [AddressBlock("192.0.2.0/24")!]
    try await TestAPI.run(worker: false, options: options) { test in
      let headers: HTTPFields = [Self.forwarded: "198.51.100.77", Self.proto: "https"]
      let answer = try await test.call(.post, "/api/jobs", headers: headers, body: #"{"kind": "echo"}"#)
      #expect(answer.headers[HTTPField.Name("Strict-Transport-Security")!] == "max-age=31536000")
      let entry = try await test.call(.get, "/api/audit?verb=enqueue").json["entries"]?.arrayValue?.first
      #expect(entry?["address"] == "198.51.100.77")
      let plain = try await test.call(
        .get, "/api/me", headers: headers, from: .socket(address: "203.0.113.1", isLoopback: false))
      #expect(plain.headers[HTTPField.Name("Strict-Transport-Security")!] == nil)
    }
  }
}

@Suite struct `A proxy that nobody has named` {
  @Test func `is found out, since all callers look like one behind it`() async throws {
    for (blocks, isFine) in [([], false), (["127.0.0.1"], true)] {
      var options = ServerOptions()
      options.trustedProxies = blocks.map { AddressBlock($0)! }
      try await TestAPI.run(worker: false, options: options) { test in
        let here = Origin.socket(address: "127.0.0.1", isLoopback: true)
        let headers: HTTPFields = [HTTPField.Name("X-Forwarded-For")!: "198.51.100.1"]
        #expect(try await test.call(.get, "/api/me", headers: headers, from: here).status == 200)
        let findings = try await test.call(.get, "/api/doctor").json["findings"]?.arrayValue ?? []
        let finding = try #require(findings.first { $0["name"] == "proxy" })
        #expect(finding["fine"] == .bool(isFine), "\(finding)")
      }
    }
  }
}

@Suite struct `The rate limit` {
  @Test func `lets a burst through, then so many in a time, and forgets nobody early`() throws {
    let limiter = RateLimiter(try #require(RequestRate("10/s")))
    for _ in 0..<10 { #expect(limiter.take("a", now: 0) == nil) }
    #expect(limiter.take("a", now: 0) == 100_000_000)
    #expect(limiter.take("b", now: 0) == nil)
    #expect(limiter.take("a", now: 50_000_000) == 50_000_000)
    #expect(limiter.take("a", now: 100_000_000) == nil)
    #expect(limiter.take("a", now: 100_000_000) != nil)
  }

  @Test func `keeps a bounded table, whose newcomers then share one bucket`() throws {
    let limiter = RateLimiter(try #require(RequestRate("5/h")))
    #expect(limiter.take("first", now: 0) == nil)
    for number in 0..<RateLimiter.mostBuckets + 10 { _ = limiter.take("\(number)", now: 0) }
    let refused = (0..<20).count { limiter.take("late \($0)", now: 0) != nil }
    #expect(refused == 20)
    // The known ones keep what is theirs, and full buckets make room.
    #expect(limiter.take("first", now: 1) == nil)
    #expect(limiter.take("later", now: 4_000_000_000_000) == nil)
  }

  @Test(arguments: ["", "500", "0/s", "-1/s", "1/d", "1.5/s", "/s", "10/s/s", "9999999/s"])
  func `is written in one way`(_ text: String) { #expect(RequestRate(text) == nil) }

  @Test func `answers 429 with what to wait for, and lets this host through`() async throws {
    var options = ServerOptions()
    options.rateLimit = RequestRate("3/m")
    let clock = TestClock()
    try await TestAPI.run(worker: false, options: options, clock: clock) { test in
      for _ in 0..<3 { #expect(try await test.call(.get, "/api/me").status == 200) }
      let refused = try await test.call(.get, "/api/me")
      #expect(refused.status == 429 && refused.json["code"] == "rate_limited")
      #expect(refused.headers[.retryAfter].flatMap { Int($0) }.map { (1...20).contains($0) } == true)
      #expect(refused.headers[HTTPField.Name("RateLimit-Policy")!] == "\"default\";q=3;w=60")
      // The same token from elsewhere is the same caller.
      let elsewhere = Origin.socket(address: "198.51.100.1", isLoopback: false)
      #expect(try await test.call(.get, "/api/me", from: elsewhere).status == 429)
      #expect(try await test.call(.get, "/api/me", as: .viewer, from: elsewhere).status == 200)
      let here = Origin.socket(address: "127.0.0.1", isLoopback: true)
      for _ in 0..<10 { #expect(try await test.call(.get, "/api/me", from: here).status == 200) }
      clock.advance(by: .seconds(20))
      #expect(try await test.call(.get, "/api/me").status == 200)
      #expect(try await test.call(.get, "/api/me").status == 429)
    }
  }

  @Test func `holds those who try tokens to few`() async throws {
    var options = ServerOptions()
    options.rateLimit = RequestRate("500/s")
    let clock = TestClock()
    try await TestAPI.run(worker: false, options: options, clock: clock) { test in
      let wrong: HTTPFields = [.authorization: "Bearer nst_wrong"]
      for _ in 0..<20 { #expect(try await test.call(.get, "/api/me", as: nil, headers: wrong).status == 401) }
      #expect(try await test.call(.get, "/api/me", as: nil, headers: wrong).status == 429)
      #expect(try await test.call(.get, "/healthz", as: nil).status == 200)
      // Nobody else is kept out by it; the last of an IPv6 address does not tell callers apart.
      let other = Origin.socket(address: "2001:db8::1", isLoopback: false)
      for _ in 0..<20 { _ = try await test.call(.get, "/api/me", as: nil, headers: wrong, from: other) }
      let neighbour = Origin.socket(address: "2001:db8::2", isLoopback: false)
      #expect(try await test.call(.get, "/api/me", as: nil, headers: wrong, from: neighbour).status == 429)
      let stranger = Origin.socket(address: "2001:db8:0:1::2", isLoopback: false)
      #expect(try await test.call(.get, "/api/me", from: stranger).status == 200)
      // One try in three seconds comes back.
      clock.advance(by: .seconds(3))
      #expect(try await test.call(.get, "/api/me", as: nil, headers: wrong).status == 401)
      #expect(try await test.call(.get, "/api/me", as: nil, headers: wrong).status == 429)
    }
  }
}
