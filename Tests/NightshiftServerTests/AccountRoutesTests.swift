import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `The API for accounts` {
  @Test func `adds people, changes and removes them, and keeps an administrator`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.engine.ensureAdminUser()
      let made = try await test.call(.post, "/api/users", body: #"{"name": "anna", "role": "operator"}"#)
      #expect(made.status == 201 && made.headers[.location] == "/api/users/anna")
      let password = try #require(made.json["password"]?.stringValue)
      #expect(password.utf8.count == 23 && made.json["mustChangePassword"] == true)
      #expect(try await test.call(.post, "/api/users", body: #"{"name": "anna", "role": "viewer"}"#).status == 409)
      let bad = try await test.call(
        .post, "/api/users", body: #"{"name": "Anna B", "role": "boss", "passwort": "x"}"#)
      #expect(
        bad.status == 422 && bad.errors.contains { $0.hasPrefix("#/passwort: is not a known field: did you mean") })
      let short = try await test.call(.post, "/api/users", body: #"{"name": "b", "role": "viewer", "password": "x"}"#)
      #expect(
        short.status == 422 && short.errors == ["#/password: must have 12 to 256 bytes: a few words make a good one"])
      let changed = try await test.call(.patch, "/api/users/anna", body: #"{"role": "approver", "title": "Anna B."}"#)
      #expect(changed.status == 200 && changed.json["role"] == "approver" && changed.json["title"] == "Anna B.")
      #expect(try await test.call(.patch, "/api/users/admin", body: #"{"role": "viewer"}"#).status == 409)
      #expect(try await test.call(.delete, "/api/users/admin").status == 409)
      #expect(try await test.call(.delete, "/api/users/anna").status == 204)
      #expect(try await test.call(.get, "/api/users/anna").status == 404)
    }
  }

  @Test func `shows a member its own jobs and an organization its own`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await test.engine.addOrganization("acme", title: nil, by: .system)
      let acme = try await test.engine.createToken(
        name: "acme", role: .operator, expiresAt: nil, organization: "acme", by: .system
      ).secret
      func call(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws -> TestAnswer {
        try await test.call(
          method, path, as: nil, headers: [.authorization: "Bearer \(acme)"], body: body)
      }
      let other = try await test.post(#"{"kind": "echo", "payload": "other"}"#)
      let own = try #require(try await call(.post, "/api/jobs", #"{"kind": "echo"}"#).json["id"]?.stringValue)
      let member = try await test.call(.post, "/api/jobs", as: .member, body: #"{"kind": "echo"}"#)
      let members = try #require(member.json["id"]?.stringValue)

      #expect(try await call(.get, "/api/jobs").json["jobs"]?.arrayValue?.map { $0["id"] } == [.string(own)])
      #expect(try await call(.get, "/api/jobs?organization=other").json["jobs"] == [])
      #expect(try await call(.get, "/api/jobs/\(own)").json["organization"] == "acme")
      for path in ["/api/jobs/\(other)", "/api/jobs/\(other)/logs", "/api/jobs/\(other)/checkpoints"] {
        #expect(try await call(.get, path).status == 404, "\(path)")
      }
      #expect(try await call(.post, "/api/jobs/\(other)/cancel").status == 404)
      #expect(try await call(.post, "/api/jobs/cancel", #"{"ids": ["\#(other)"]}"#).status == 404)
      #expect(
        try await call(.post, "/api/jobs/cancel", #"{"filter": {"all": true}, "dryRun": true}"#).json["count"] == 1)
      #expect(try await call(.post, "/api/jobs", #"{"kind": "echo", "organization": "b"}"#).status == 422)
      // What it waited for would hand it the result.
      let spy = try await call(.post, "/api/jobs", #"{"kind": "echo", "dependsOn": ["\#(other)"]}"#)
      #expect(spy.status == 422 && spy.errors.first?.hasPrefix("#/dependsOn/0") == true)
      #expect(try await call(.post, "/api/pause").status == 403)
      #expect(try await call(.get, "/api/queues").status == 200)

      let list = try await test.call(.get, "/api/jobs", as: .member).json["jobs"]?.arrayValue
      #expect(list?.map { $0["id"] } == [.string(members)])
      #expect(try await test.call(.get, "/api/jobs/\(own)", as: .member).status == 404)
      #expect(try await test.call(.post, "/api/jobs/\(other)/cancel", as: .member).status == 404)
      #expect(try await test.call(.post, "/api/jobs/\(other)/cancel", as: .approver).status == 403)
      #expect(try await test.call(.post, "/api/jobs/\(members)/cancel", as: .member).status == 202)
    }
  }

  @Test func `confines a token to its scopes`() async throws {
    try await TestAPI.run(worker: false) { test in
      let body = #"{"name": "reader", "role": "admin", "scopes": ["jobs:read", "queues"]}"#
      let made = try await test.call(.post, "/api/tokens", body: body)
      let secret = try #require(made.json["secret"]?.stringValue)
      func status(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws -> Int {
        try await test.call(method, path, as: nil, headers: [.authorization: "Bearer \(secret)"], body: body).status
      }
      #expect(try await status(.get, "/api/jobs") == 200)
      #expect(try await status(.post, "/api/jobs", #"{"kind": "echo"}"#) == 403)
      #expect(try await status(.post, "/api/queues/default/pause") != 403)
      #expect(try await status(.get, "/api/tokens") == 403)
      #expect(try await status(.get, "/api/users") == 403)
      let wrong = try await test.call(
        .post, "/api/tokens", body: #"{"name": "x", "role": "viewer", "scopes": ["jobs:write"]}"#)
      #expect(wrong.status == 422 && wrong.errors.first?.hasPrefix("#/scopes/0: must be one of jobs") == true)
    }
  }

  @Test func `knows a session by its cookie, and lets it change only what bears its token`() async throws {
    try await TestAPI.run(worker: false) { test in
      let made = try #require(try await test.engine.addUser("anna", role: .operator, by: .system))
      let secret = try await test.engine.signIn("anna", password: made, address: nil, agent: nil)
      // It was shown to whoever has added the account.
      let cookie: HTTPFields = [.cookie: "theme=dark; nightshift_session=\(secret)"]
      #expect(try await test.call(.get, "/api/jobs", as: nil, headers: cookie).status == 403)
      try await test.engine.changePassword(
        of: "anna", from: made, to: "my very own words", keeping: nil,
        by: Actor(id: "anna", role: .operator))
      #expect(try await test.call(.get, "/api/jobs", as: nil, headers: cookie).status == 401)
      let own = try await test.engine.signIn("anna", password: "my very own words", address: nil, agent: nil)
      let session = try #require(try await test.engine.session(own))
      var headers: HTTPFields = [.cookie: "nightshift_session=\(own)"]
      #expect(try await test.call(.get, "/api/me", as: nil, headers: headers).json["id"] == "anna")
      func post(_ headers: HTTPFields) async throws -> TestAnswer {
        try await test.call(.post, "/api/jobs", as: nil, headers: headers, body: #"{"kind": "echo"}"#)
      }
      #expect(try await post(headers).json["code"] == "csrf")
      headers[ForgeryCheck.field] = session.csrf
      #expect(try await post(headers).status == 202)
      headers[.origin] = "https://evil.example"
      #expect(try await post(headers).json["code"] == "cross_site")
      headers[.origin] = "http://example.test"
      #expect(try await post(headers).status == 202)
      headers[HTTPField.Name("Sec-Fetch-Site")!] = "same-site"
      #expect(try await post(headers).json["code"] == "cross_site")
      try await test.engine.endSession(own, by: session.actor)
      #expect(try await test.call(.get, "/api/me", as: nil, headers: headers).status == 401)
    }
  }
}
