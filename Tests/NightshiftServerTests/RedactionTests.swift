import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `What lesser roles are not shown` {
  private func redacted(_ paths: [String], _ document: JSONValue) -> (JSONValue, Set<String>) {
    var texts: Set<String> = []
    let shown = Redaction(paths: paths.map { RedactionPath($0)! }).redacted(document, collecting: &texts)
    return (shown, texts)
  }

  @Test(arguments: [
    (
      ["password"], #"{"password":"hunter22","a":{"Password":"x"}}"#,
      #"{"a":{"Password":"[redacted]"},"password":"[redacted]"}"#
    ),
    (
      ["api_key"], #"[{"apiKey":1,"API-Key":[1],"key":2}]"#,
      #"[{"API-Key":"[redacted]","apiKey":"[redacted]","key":2}]"#
    ),
    (
      ["*.token"], #"{"a":{"token":1},"token":2,"b":{"c":{"token":3}}}"#,
      #"{"a":{"token":"[redacted]"},"b":{"c":{"token":3}},"token":2}"#
    ),
    (
      ["customer.card.number"], #"{"customer":{"card":{"number":4,"name":"n"},"number":1},"number":2}"#,
      #"{"customer":{"card":{"name":"n","number":"[redacted]"},"number":1},"number":2}"#
    ),
    (
      ["cards.number"], #"{"cards":[{"number":1},{"number":2}]}"#,
      #"{"cards":[{"number":"[redacted]"},{"number":"[redacted]"}]}"#
    ),
    (["cards.*.number"], #"{"cards":[{"number":1}],"x":1}"#, #"{"cards":[{"number":"[redacted]"}],"x":1}"#),
    (["a.*"], #"{"a":{"b":1,"c":null},"d":{"b":1}}"#, #"{"a":{"b":"[redacted]","c":null},"d":{"b":1}}"#),
    (["token"], #"{"token":{"id":7}}"#, #"{"token":"[redacted]"}"#),
    (["token"], #""token""#, #""token""#),
  ])
  func `hides by path`(_ paths: [String], _ document: String, _ expected: String) throws {
    #expect(redacted(paths, try JSONValue(parsing: Array(document.utf8))).0.description == expected)
  }

  @Test(arguments: ["", ".", "a..b", "*", "*.*", ".a", String(repeating: "a", count: 201)])
  func `has paths that are written in one way`(_ text: String) { #expect(RedactionPath(text) == nil) }

  @Test func `puts back what an editor was not shown, and only there`() {
    let redaction = Redaction()
    let original: JSONValue = ["password": "hunter22", "n": 1, "list": [["token": "abc"], ["token": "def"]]]
    let edited: JSONValue = [
      "password": "[redacted]", "n": "[redacted]", "list": [["token": "[redacted]"], ["token": "new"]],
      "copy": "[redacted]",
    ]
    #expect(
      redaction.restored(edited, from: original) == [
        "password": "hunter22", "n": "[redacted]", "list": [["token": "abc"], ["token": "new"]], "copy": "[redacted]",
      ])
  }

  @Test func `hides values in all that is answered to lesser roles`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(
        #"{"kind": "echo", "payload": {"user": "ada", "password": "hunter22", "card": {"card_number": 4111111111111111}}}"#
      )
      _ = try await test.end(of: id)
      for role in [Role.viewer, .approver] {
        for path in ["/api/jobs/\(id)", "/api/jobs/\(id)/logs", "/api/jobs/\(id)/events", "/api/jobs"] {
          let answer = try await test.call(.get, path, as: role)
          #expect(answer.status == 200 && !answer.text.contains("hunter22"), "\(role) \(path)")
          #expect(!answer.text.contains("4111111111111111"), "\(role) \(path)")
        }
      }
      let seen = try await test.call(.get, "/api/jobs/\(id)", as: .viewer).json
      #expect(seen["payload"]?["password"] == "[redacted]" && seen["payload"]?["user"] == "ada")
      #expect(seen["result"]?["password"] == "[redacted]")
      let all = try await test.call(.get, "/api/jobs/\(id)", as: .operator)
      #expect(all.json["payload"]?["password"] == "hunter22")
    }
  }

  @Test func `hides values that errors and log lines repeat`() async throws {
    try await TestAPI.run { test in
      try await test.engine.register("leak", payload: JSONValue.self) { payload, context -> Void in
        let secret = payload["password"]?.stringValue ?? ""
        context.log("signing in with \(secret)")
        try context.emit("tried", ["password": secret])
        throw PermanentFailure("401 for \(secret)")
      }
      let id = try await test.post(#"{"kind": "leak", "payload": {"password": "hunter22"}}"#)
      _ = try await test.end(of: id)
      for path in ["/api/jobs/\(id)", "/api/jobs/\(id)/logs", "/api/jobs/\(id)/events"] {
        let shown = try await test.call(.get, path, as: .viewer).text
        #expect(!shown.contains("hunter22") && shown.contains("[redacted]"), "\(path)")
        #expect(try await test.call(.get, path).text.contains("hunter22"), "\(path)")
      }
    }
  }

  @Test func `lets nobody find out by searching what it is not shown`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.call(
        .post, "/api/jobs", as: .member,
        body: #"{"kind": "echo", "payload": {"password": "hunter22"}, "tags": ["blue"]}"#)
      func count(_ search: String, _ role: Role) async throws -> Int? {
        try await test.call(.get, "/api/jobs?search=\(search)", as: role).json["jobs"]?.arrayValue?.count
      }
      #expect(try await count("hunter", .operator) == 1)
      for role in [Role.viewer, .member, .approver] {
        #expect(try await count("hunter", role) == 0, "\(role)")
        #expect(try await count("blue", role) == 1, "\(role)")
        #expect(try await count("ech", role) == 1, "\(role)")
      }
    }
  }

  @Test func `can be for other roles and names, or none`() async throws {
    let redaction = Redaction(paths: [RedactionPath("iban")!], revealTo: .admin)
    try await TestAPI.run(worker: false, configure: { $0.redaction = redaction }) { test in
      let id = try await test.post(#"{"kind": "echo", "payload": {"iban": "DE02", "password": "hunter22"}}"#)
      let seen = try await test.call(.get, "/api/jobs/\(id)", as: .operator).json["payload"]
      #expect(seen?["iban"] == "[redacted]" && seen?["password"] == "hunter22")
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["payload"]?["iban"] == "DE02")
      let search = #"{"filter": {"search": "DE02"}, "dryRun": true}"#
      #expect(try await test.call(.post, "/api/jobs/cancel", as: .operator, body: search).json["count"] == 0)
    }
  }

  @Test func `keeps what an editor was not shown when a job is retried`() async throws {
    try await TestAPI.run(worker: false) { test in
      let made = try await test.call(
        .post, "/api/jobs", as: .member, body: #"{"kind": "echo", "payload": {"password": "hunter22", "n": 1}}"#)
      let id = try #require(made.json["id"]?.stringValue)
      #expect(try await test.call(.post, "/api/jobs/\(id)/cancel", as: .member).status == 202)
      let edit = #"{"payload": {"password": "[redacted]", "n": 2}}"#
      #expect(try await test.call(.post, "/api/jobs/\(id)/retry", as: .member, body: edit).status == 202)
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["payload"] == ["password": "hunter22", "n": 2])
    }
  }
}
