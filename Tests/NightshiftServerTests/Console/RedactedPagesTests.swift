import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `Pages for those who may not see everything` {
  @Test func `hide values in payloads, errors and questions alike, and give them back when others are edited`()
    async throws
  {
    try await TestAPI.run { test in
      let payload: JSONValue = ["user": "anna", "password": "hunter2secret"]
      let id = try await test.post(
        JSONValue.object(["kind": "fail", "payload": payload, "owner": "token:member"]).description)
      _ = try await test.end(of: id)
      let shown = try await test.page("/jobs/\(id)", as: .operator)
      #expect(shown.text.contains("hunter2secret"))
      for role in [Role.viewer, .member, .approver] {
        let page = try await test.page("/jobs/\(id)", as: role)
        #expect(page.status == 200 && page.text.contains("anna") && page.text.contains("[redacted]"), "\(role)")
        #expect(!page.text.contains("hunter2secret"), "\(role)")
      }
      let form = try await test.page("/jobs/\(id)/edit", as: .member)
      #expect(form.status == 200 && !form.text.contains("hunter2secret"))
      let edited = #"{"user": "ben", "password": "[redacted]"}"#
      #expect(try await test.send("/jobs/\(id)/edit", ["payload": edited], as: .member).status == 303)
      let number = try #require(JobID(id))
      let job = try #require(try await test.engine.job(number))
      #expect(JSONValue(stored: job.payload) == ["user": "ben", "password": "hunter2secret"])

      let question = try await test.ask(title: "May I?", data: ["to": "anna", "api_key": "key-7f3a-secret"])
      let card = try await test.page("/approvals/\(question.id)", as: .approver)
      #expect(card.status == 200 && card.text.contains("anna") && !card.text.contains("key-7f3a-secret"))
    }
  }

  @Test func `tell what dead letters died of, without what one of them hides`() async throws {
    try await TestAPI.run { test in
      try await test.engine.register("leak", payload: [String: String].self) { payload, _ in
        throw PermanentFailure("the disk of \(payload["password"] ?? "") is full")
      }
      let id = try await test.post(#"{"kind": "leak", "payload": {"password": "tulipsecret"}}"#)
      _ = try await test.end(of: id)
      for path in ["/dead-letters", "/api/dead-letters"] {
        #expect(try await test.page(path, as: .operator).text.contains("the disk of tulipsecret is full"), "\(path)")
        let seen = try await test.page(path, as: .viewer).text
        #expect(seen.contains("the disk of [redacted] is full") && !seen.contains("tulipsecret"), "\(path)")
      }
    }
  }

  @Test func `say that a search does not look into what is hidden`() async throws {
    try await TestAPI.run(worker: false) { test in
      let note = "Payloads and errors were not searched"
      let found = try await test.page("/jobs?search=disk", as: .viewer)
      #expect(found.text.contains(note))
      #expect(try await !test.page("/jobs?search=disk", as: .operator).text.contains(note))
      #expect(try await !test.page("/jobs?state=dead", as: .viewer).text.contains(note))
    }
  }
}
