import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `The API for the audit log` {
  @Test func `is for administrators whose token is not confined to something else`() async throws {
    try await TestAPI.run(worker: false) { test in
      for role in Role.allCases where role < .admin {
        for path in ["/api/audit", "/api/audit/export", "/api/audit/verify"] {
          #expect(try await test.call(.get, path, as: role).status == 403, "\(role) \(path)")
        }
      }
      try await test.engine.addOrganization("acme", title: nil, by: .system)
      let inside = try await test.engine.createToken(
        name: "inside", role: .admin, expiresAt: nil, organization: "acme", by: .system
      ).secret
      let confined = try await test.engine.createToken(
        name: "confined", role: .admin, expiresAt: nil, scopes: [TokenScope(.jobs, isWrite: true)], by: .system
      ).secret
      for secret in [inside, confined] {
        let headers: HTTPFields = [.authorization: "Bearer \(secret)"]
        #expect(try await test.call(.get, "/api/audit", as: nil, headers: headers).status == 403)
      }
    }
  }

  @Test func `shows who did what from where, in pages`() async throws {
    try await TestAPI.run(worker: false) { test in
      for _ in 0..<3 { _ = try await test.post(#"{"kind":"echo"}"#) }
      let page = try await test.call(.get, "/api/audit?verb=enqueue&limit=2").json
      let entries = page["entries"]?.arrayValue ?? []
      #expect(entries.count == 2)
      #expect(entries.first?["actor"] == "token:admin" && entries.first?["address"] == "192.0.2.7")
      #expect(entries.first?["detail"]?["kind"] == "echo")
      let next = try #require(page["next"]?.stringValue)
      let rest = try await test.call(.get, "/api/audit?verb=enqueue&limit=2&cursor=\(next)").json
      #expect(rest["entries"]?.arrayValue?.count == 1 && rest["next"] == nil)
      for query in [
        "limit=0", "limit=501", "cursor=x", "from=yesterday", "actr=x",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
      ] {
        #expect(try await test.call(.get, "/api/audit?\(query)").status == 422, "\(query)")
      }
    }
  }

  @Test func `exports lines and tables`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.post(#"{"kind":"echo"}"#)
      let (actor, now) = (Actor(id: "=cmd|' /C calc'!A0", role: .viewer), test.engine.clock.now)
      try await test.engine.store.write { try $0.audit("test", "a \"b\", c\nd", by: actor, at: now) }
      let lines = try await test.call(.get, "/api/audit/export?actor=token:admin")
      #expect(lines.headers[.contentType] == "application/x-ndjson")
      let last = try JSONValue(parsing: Array((lines.text.split(separator: "\n").last ?? "").utf8))
      #expect(last["verb"] == "enqueue" && last["hash"]?.stringValue?.utf8.count == 64)
      let table = try await test.call(.get, "/api/audit/export?format=csv&verb=test").text
      #expect(table.hasPrefix("sequence,id,at,microseconds,actor,role,"))
      #expect(table.contains(#",'=cmd|' /C calc'!A0,viewer,,test,"a ""b"", c"#))
      #expect(try await test.call(.get, "/api/audit/export?format=xml").status == 422)
    }
  }

  @Test func `verifies, also what was written down elsewhere`() async throws {
    try await TestAPI.run(worker: false) { test in
      let first = try await test.call(.get, "/api/audit/verify").json
      #expect(first["intact"] == true)
      let hash = try #require(first["head"]?["hash"]?.stringValue)
      _ = try await test.post(#"{"kind":"echo"}"#)
      let later = try await test.call(.get, "/api/audit/verify?expect=\(hash)").json
      #expect(later["expectedAt"] == first["head"]?["sequence"])
      _ = try await test.engine.store.write { try $0.execute("UPDATE nightshift_audit SET verb = 'x' WHERE seq = 1") }
      let found = try await test.call(.get, "/api/audit/verify").json
      #expect(found["intact"] == false && found["problems"]?.arrayValue?.first?["sequence"] == 1)
      #expect(try await test.call(.get, "/api/audit/verify?expect=abc").status == 422)
    }
  }
}
