import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `What cannot be taken back` {
  @Test func `is asked about first, with the form as it was sent`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind": "fail", "payload": {}}"#)
      _ = try await test.end(of: id)
      let path = "/jobs/\(id)/change"
      let asked = try await test.send(path, ["verb": "discard"], as: .operator)
      #expect(asked.status == 200)
      #expect(asked.text.contains("Discard this job?"))
      #expect(asked.text.contains("action=\"\(path)\""))
      #expect(asked.text.contains("name=\"verb\" value=\"discard\""))
      #expect(asked.text.contains("name=\"confirmed\" value=\"yes\""))
      #expect(try await test.page("/jobs/\(id)").status == 200)
      // Who may not do it is not asked either.
      #expect(try await test.send(path, ["verb": "discard"], as: .viewer).status == 403)
      #expect(try await test.send(path, ["verb": "discard", "confirmed": "yes"], as: .operator).status == 303)
      #expect(try await test.page("/jobs/\(id)").status == 404)
    }
  }

  @Test func `changes nothing before the yes`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await test.engine.addOrganization("acme", title: nil, by: .system)
      _ = try await test.engine.addUser("anna", role: .member, by: .system)
      let token = try await test.engine.createToken(name: "ci", role: .member, expiresAt: nil, by: .system).0
      for path in [
        "/users/anna/remove", "/users/anna/password", "/tokens/\(token.id)/revoke", "/organizations/acme/remove",
      ] {
        let asked = try await test.send(path, [:])
        #expect(asked.status == 200 && asked.text.contains("name=\"confirmed\" value=\"yes\""), "\(path)")
      }
      #expect(try await test.engine.user("anna") != nil)
      #expect(try await test.engine.tokens().first { $0.id == token.id }?.revokedAt == nil)
      #expect(try await test.engine.organizations().count == 1)
      let revoked = try await test.send("/tokens/\(token.id)/revoke", ["confirmed": "yes"])
      #expect(revoked.headers[.setCookie]?.contains("nightshift_flash=revoked.1") == true)
    }
  }

  @Test func `is asked about at paths that there are`() {
    let paths = Set(RouteTable.consoleRoutes.filter { $0.method == .post }.map(\.path.description))
    for path in Confirmation.questions.keys { #expect(paths.contains(path), "\(path)") }
  }

  @Test func `shows hostile words as words, and sends to no other host`() async throws {
    try await TestAPI.run(worker: false) { test in
      let asked = try await test.send("//secrets/%3Cb%3E/remove", ["return": "\"><script>"])
      #expect(!asked.text.contains("<b>/") && !asked.text.contains("\"><script>"))
      #expect(!asked.text.contains("action=\"//"))
    }
  }
}
