import Foundation
import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `The door of the console` {
  private let password = "a long enough one"

  private func post(
    _ test: TestAPI, _ path: String, _ fields: [String: String], cookie: String? = nil, headers: HTTPFields = [:]
  ) async throws -> TestAnswer {
    var headers = headers
    headers[.contentType] = "application/x-www-form-urlencoded"
    headers[.cookie] = cookie
    let body = fields.map { name, value in
      "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
    }
    return try await test.call(.post, path, as: nil, headers: headers, body: body.joined(separator: "&"))
  }

  private func cookie(of answer: TestAnswer) throws -> String {
    let field = try #require(answer.headers[values: .setCookie].first { $0.hasPrefix("nightshift_session=") })
    return String(field.prefix { $0 != ";" })
  }

  @Test func `lets in, shows who is there, and lets out`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.engine.addUser("anna", role: .viewer, password: password, by: .system)
      let away = try await test.call(.get, "/jobs?state=dead", as: nil)
      #expect(away.status == 303 && away.headers[.location] == "/sign-in?next=/jobs%3Fstate%3Ddead")
      let page = try await test.call(.get, "/sign-in?next=/account", as: nil)
      #expect(page.status == 200 && page.text.contains("name=\"next\" value=\"/account\""))
      let answer = try await post(
        test, "/sign-in", ["name": "anna", "password": password, "next": "/account"],
        headers: [.origin: "http://example.test"])
      #expect(answer.status == 303 && answer.headers[.location] == "/account")
      let field = try #require(answer.headers[.setCookie])
      #expect(field.contains("; HttpOnly; SameSite=Lax;") && !field.contains("Secure"))
      let cookie = try cookie(of: answer)
      let account = try await test.call(.get, "/account", as: nil, headers: [.cookie: cookie])
      #expect(account.status == 200 && account.text.contains("<strong>anna</strong>"))
      #expect(account.headers[.contentSecurityPolicy]?.contains("script-src 'self';") == true)
      #expect(account.headers[.cacheControl] == "no-store")
      // A viewer is no admin, with a session as little as with a token.
      #expect(try await test.call(.get, "/users", as: nil, headers: [.cookie: cookie]).status == 403)
      #expect(try await post(test, "/sign-out", [:], cookie: cookie).status == 403)
      let csrf = try #require(try await test.engine.session(String(cookie.dropFirst(19)))).csrf
      let out = try await post(test, "/sign-out", ["csrf": csrf], cookie: cookie)
      #expect(out.status == 303 && out.headers[.setCookie]?.contains("Max-Age=0") == true)
      #expect(try await test.call(.get, "/account", as: nil, headers: [.cookie: cookie]).status == 303)
    }
  }

  @Test func `says no more than that name or password are wrong`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.engine.addUser("anna", role: .viewer, password: password, by: .system)
      let wrong = try await post(test, "/sign-in", ["name": "anna", "password": "x"])
      let unknown = try await post(test, "/sign-in", ["name": "anna\"><script>", "password": "x"])
      for answer in [wrong, unknown] {
        #expect(answer.status == 422 && answer.text.contains("The name or the password is wrong."))
        #expect(answer.headers[.setCookie] == nil && !answer.text.contains("<script>"))
      }
      for _ in 0..<4 { _ = try await post(test, "/sign-in", ["name": "anna", "password": "x"]) }
      let locked = try await post(test, "/sign-in", ["name": "anna", "password": password])
      #expect(locked.status == 429 && locked.text.contains("Too many attempts"))
    }
  }

  @Test func `gives a session that nobody else has chosen, and none to other sites`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.engine.addUser("anna", role: .viewer, password: password, by: .system)
      let fields = ["name": "anna", "password": password]
      let planted = "nightshift_session=nss_planted"
      let answer = try await post(test, "/sign-in", fields, cookie: planted)
      #expect(try cookie(of: answer) != planted)
      #expect(try await test.call(.get, "/account", as: nil, headers: [.cookie: planted]).status == 303)
      // Whoever signs in anew leaves no older session behind in the same browser.
      let first = try cookie(of: answer)
      _ = try await post(test, "/sign-in", fields, cookie: first)
      #expect(try await test.call(.get, "/account", as: nil, headers: [.cookie: first]).status == 303)
      // A mistyped password ends nothing, and the audit log says whose session it was that ended.
      let second = try cookie(of: try await post(test, "/sign-in", fields))
      #expect(try await post(test, "/sign-in", ["name": "anna", "password": "x"], cookie: second).status != 303)
      #expect(try await test.call(.get, "/account", as: nil, headers: [.cookie: second]).status == 200)
      var filter = AuditFilter()
      filter.verb = "sign-out"
      let ended = try await test.engine.audit(filter).entries
      #expect(ended.map(\.actor) == ["anna"] && ended.map(\.subject) == ["user anna"])
      let foreign = try await post(test, "/sign-in", fields, headers: [.origin: "https://evil.example"])
      #expect(foreign.status == 403 && foreign.headers[.setCookie] == nil)
    }
  }

  @Test(arguments: [
    "//evil.example", "https://evil.example", "/\\evil.example", "/x\r\nSet-Cookie: a=b", "javascript:alert(1)",
    "/sign-out",
  ])
  func `leads nowhere else`(_ next: String) async throws {
    #expect(SignInPages.safe(next) == nil)
    #expect(SignInPages.path(thenTo: next) == "/sign-in")
  }

  @Test func `has whoever was given a password choose its own first`() async throws {
    try await TestAPI.run(worker: false) { test in
      let made = try #require(try await test.engine.addUser("anna", role: .operator, by: .system))
      let cookie = try cookie(of: try await post(test, "/sign-in", ["name": "anna", "password": made]))
      let elsewhere = try await test.call(.get, "/overview", as: nil, headers: [.cookie: cookie])
      #expect(elsewhere.status == 303 && elsewhere.headers[.location] == "/account")
      #expect(try await test.call(.get, "/api/jobs", as: nil, headers: [.cookie: cookie]).status == 403)
      let csrf = try #require(try await test.engine.session(String(cookie.dropFirst(19)))).csrf
      func change(_ new: String, _ again: String) async throws -> TestAnswer {
        try await post(
          test, "/account/password", ["csrf": csrf, "old": made, "new": new, "again": again], cookie: cookie)
      }
      #expect(try await change("my very own words", "other words of mine").status == 422)
      #expect(try await change("short", "short").text.contains("12 to 256 bytes"))
      #expect(try await change("my very own words", "my very own words").status == 303)
      #expect(try await test.call(.get, "/overview", as: nil, headers: [.cookie: cookie]).status == 200)
    }
  }

  @Test func `lets an administrator add people and tokens, and shows their secrets once`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.engine.addUser("rosa", role: .admin, password: password, by: .system)
      let cookie = try cookie(of: try await post(test, "/sign-in", ["name": "rosa", "password": password]))
      let csrf = try #require(try await test.engine.session(String(cookie.dropFirst(19)))).csrf
      let user = try await post(
        test, "/users", ["csrf": csrf, "name": "anna", "role": "member", "title": "<b>Anna</b>"], cookie: cookie)
      #expect(user.status == 201 && user.text.contains("The password of anna is shown this once"))
      #expect(user.text.contains("&lt;b&gt;Anna") && !user.text.contains("<b>Anna"))
      let token = try await post(
        test, "/tokens", ["csrf": csrf, "name": "ci", "role": "operator", "scopes": "jobs", "days": "30"],
        cookie: cookie)
      let text = token.text
      let start = try #require(text.range(of: "nst_")?.lowerBound)
      let secret = String(text[start...].prefix { $0 != "<" })
      #expect(try await test.engine.authenticate(secret)?.scopes == [TokenScope(.jobs, isWrite: true)])
      let again = try await test.call(.get, "/users", as: nil, headers: [.cookie: cookie])
      #expect(again.status == 200 && !again.text.contains(secret) && again.text.contains("ci"))
      let twice = try await post(test, "/users", ["csrf": csrf, "name": "anna", "role": "member"], cookie: cookie)
      #expect(twice.status == 409 && twice.text.contains("There is a user"))
      let change = try await post(
        test, "/users/anna/change", ["csrf": csrf, "role": "approver", "disabled": "on"], cookie: cookie)
      #expect(change.status == 303)
      #expect(try await test.engine.user("anna")?.role == .approver)
      #expect(try await test.engine.user("anna")?.disabledAt != nil)
      #expect(try await test.call(.get, "/users/anna", as: nil, headers: [.cookie: cookie]).status == 200)
      #expect(
        try await post(test, "/users/anna/remove", ["csrf": csrf, "confirmed": "yes"], cookie: cookie).status == 303)
    }
  }
}
