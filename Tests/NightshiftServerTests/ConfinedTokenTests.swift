import Foundation
import HTTPTypes
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftServer

/// A stolen token is worth what it may do until it ends, and must not become more.
@Suite(.timeLimit(.minutes(5))) struct `A token that is confined` {
  private struct Attempt: Sendable, CustomTestStringConvertible {
    var scopes: String?
    /// When the token itself ends, from now on.
    var end: Duration?
    var request: (method: HTTPRequest.Method, path: String, body: String)
    var status: Int
    var words = ""

    var testDescription: String { "\(scopes ?? "no scopes"), \(request.method) \(request.path) \(request.body)" }
  }

  private static func tokens(_ fields: String) -> (HTTPRequest.Method, String, String) {
    (.post, "/api/tokens", #"{"name": "more", "role": "admin"\#(fields)}"#)
  }

  private static let attempts: [Attempt] = [
    .init(scopes: "accounts", request: tokens(""), status: 403, words: "is confined to `accounts`"),
    .init(scopes: "accounts", request: tokens(#", "scopes": ["jobs"]"#), status: 403, words: "name `scopes`"),
    .init(scopes: "accounts", request: tokens(#", "scopes": ["accounts", "jobs:read"]"#), status: 403),
    .init(scopes: "accounts", request: tokens(#", "scopes": ["accounts"]"#), status: 201),
    .init(scopes: "accounts jobs", request: tokens(#", "scopes": ["accounts:read", "jobs:read"]"#), status: 201),
    .init(scopes: "accounts jobs:read", request: tokens(#", "scopes": ["jobs"]"#), status: 403),
    .init(end: .seconds(3600), request: tokens(""), status: 403, words: "ends at 2026-01-01T13:00:00"),
    .init(end: .seconds(3600), request: tokens(#", "expiresIn": "61m""#), status: 403, words: "an earlier end"),
    .init(end: .seconds(3600), request: tokens(#", "expiresIn": "60m""#), status: 201),
    .init(scopes: "accounts", request: (.post, "/api/users", #"{"name": "eve", "role": "viewer"}"#), status: 403),
    .init(
      end: .seconds(3600), request: (.post, "/api/users", #"{"name": "eve", "role": "viewer"}"#), status: 403,
      words: "adds no users"),
    .init(scopes: "accounts", request: (.patch, "/api/users/ben", #"{"role": "admin"}"#), status: 403),
    .init(scopes: "accounts", request: (.patch, "/api/users/ben", #"{"organization": "acme"}"#), status: 403),
    .init(scopes: "accounts", request: (.patch, "/api/users/off", #"{"disabled": false}"#), status: 403),
    .init(scopes: "accounts", request: (.patch, "/api/users/ben", #"{"title": "Ben"}"#), status: 200),
    .init(scopes: "accounts", request: (.patch, "/api/users/ben", #"{"disabled": true}"#), status: 200),
    .init(
      scopes: "accounts", request: (.post, "/api/users/ben/password", #"{"password": "my very own words"}"#),
      status: 403, words: "sets no roles, organizations or passwords"),
    .init(scopes: "accounts", request: (.post, "/api/users/ben/password", "{}"), status: 403),
    .init(
      scopes: "accounts console", request: (.post, "/tokens", "name=more&role=admin"), status: 403, words: "confined to"
    ),
    .init(scopes: "accounts console", request: (.post, "/tokens", "name=more&role=admin&scopes=jobs"), status: 403),
    .init(end: .seconds(3600), request: (.post, "/tokens", "name=more&role=admin&days=1"), status: 403),
    .init(
      scopes: "accounts console", request: (.post, "/users", "name=eve&role=admin"), status: 403, words: "adds no users"
    ),
    .init(scopes: "accounts console", request: (.post, "/users/ben/change", "role=admin"), status: 403),
    .init(scopes: "accounts console", request: (.post, "/users/ben/password", "confirmed=yes"), status: 403),
    // Whoever has all makes all.
    .init(request: tokens(""), status: 201),
    .init(request: tokens(#", "scopes": ["jobs"], "expiresIn": "1h""#), status: 201),
    .init(request: (.post, "/api/users", #"{"name": "eve", "role": "admin"}"#), status: 201),
    .init(request: (.post, "/users", "name=eve&role=admin"), status: 201),
  ]

  @Test(arguments: attempts.indices) func `makes nothing that may do more, or for longer`(_ index: Int) async throws {
    let attempt = Self.attempts[index]
    try await TestAPI.run(worker: false, clock: TestClock()) { test in
      let engine = test.engine
      _ = try await engine.ensureAdminUser()
      try await engine.addOrganization("acme", title: nil, by: .system)
      for name in ["ben", "off"] { _ = try await engine.addUser(name, role: .viewer, by: .system) }
      var off = UserChange()
      off.isDisabled = true
      _ = try await engine.changeUser("off", off, by: .system)
      let scopes = attempt.scopes.map { Set($0.split(separator: " ").compactMap { TokenScope(String($0)) }) }
      let secret = try await engine.createToken(
        name: "stolen", role: .admin, expiresAt: attempt.end.map { engine.now + $0 }, scopes: scopes, by: .system
      ).secret
      let before = try await (engine.users(), engine.tokens().count)
      var headers: HTTPFields = [.authorization: "Bearer \(secret)"]
      if attempt.request.path.hasPrefix("/api") == false {
        headers[.contentType] = "application/x-www-form-urlencoded"
      }
      let (method, path, body) = attempt.request
      let answer = try await test.call(method, path, as: nil, headers: headers, body: body)
      #expect(answer.status == attempt.status, "\(answer.text)")
      #expect(attempt.words.isEmpty || answer.text.contains(attempt.words), "\(answer.text)")
      guard attempt.status == 403 else { return }
      #expect(try await engine.users() == before.0)
      #expect(try await engine.tokens().count == before.1)
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `Titles of people and organizations` {
  @Test(arguments: [
    "Anna\u{202E}nimda", "Anna\u{7}", "Anna\u{1B}[31m", "An\nna", "An\u{2028}na", "An\u{85}na", "\u{200F}A",
  ])
  func `hide and rearrange nothing that stands beside them`(_ title: String) async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.engine.addUser("anna", role: .viewer, title: "Änna 👩‍🔬 (O'Neil)", by: .system)
      let text = JSONValue.string(title).description
      for (method, path, fields) in [
        (HTTPRequest.Method.post, "/api/users", #""name": "eve", "role": "viewer""#),
        (.patch, "/api/users/anna", #""role": "viewer""#), (.post, "/api/organizations", #""name": "acme""#),
      ] {
        let refused = try await test.call(method, path, body: #"{\#(fields), "title": \#(text)}"#)
        #expect(refused.status == 422 && refused.errors.first?.hasPrefix("#/title: must be text on one line") == true)
        #expect(!refused.text.contains("\u{202E}") && !refused.text.contains("\u{7}"))
      }
      let title = try #require(title.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
      for (path, fields) in [
        ("/users", "name=eve&role=viewer"), ("/users/anna/change", "role=viewer"), ("/organizations", "name=acme"),
      ] {
        let refused = try await test.call(
          .post, path, headers: [.contentType: "application/x-www-form-urlencoded"], body: "\(fields)&title=\(title)")
        #expect(refused.status == 422 && refused.text.contains("must be text on one line"), "\(path)")
      }
      #expect(try await test.engine.user("anna")?.title == "Änna 👩‍🔬 (O'Neil)")
      #expect(try await test.engine.organizations().isEmpty)
    }
  }
}
