import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `The approvals inbox` {
  @Test func `shows what waits, and decides by a form alone`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "Send 3 invoices?", data: ["to": "a@example.org", "amount": 12])
      let inbox = try await test.page("/approvals", as: .approver)
      #expect(inbox.status == 200)
      #expect(inbox.text.contains("Send 3 invoices?"))
      #expect(inbox.text.contains("a@example.org"))
      #expect(try await test.engine.checkpoint(question.id)?.state == .pending)

      let sent = try await test.send(
        "/approvals/\(question.id)/decide", ["answer": "approve", "seen": question.stamp], as: .approver)
      #expect(sent.status == 303)
      #expect(sent.headers[.location] == "/approvals")
      #expect(sent.headers[.setCookie]?.contains("nightshift_flash=approved.1") == true)
      let decided = try await test.engine.checkpoint(question.id)
      #expect(decided?.state == .approved)
      #expect(decided?.decisions.last?.via == "console")
      #expect(try await test.page("/approvals?show=decided").text.contains("Send 3 invoices?"))
    }
  }

  @Test func `shows hostile words as words`() async throws {
    try await TestAPI.run { test in
      let hostile = "<script>alert(1)</script>\"\u{301} onfocus=x"
      let quote = Array("\"\u{301}".utf8)
      let question = try await test.ask(title: hostile, data: ["<img src=x>": .string(hostile)], body: hostile)
      for path in ["/approvals", "/approvals/\(question.id)"] {
        let page = try await test.page(path)
        #expect(page.status == 200)
        #expect(!page.text.contains("<script>alert"), "\(path)")
        #expect(!page.text.contains("<img src=x>"), "\(path)")
        #expect(page.body.firstRange(of: quote) == nil, "\(path)")
        #expect(page.text.contains("&lt;script&gt;alert(1)"), "\(path)")
      }
    }
  }

  @Test func `offers the answer to those who may give it`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "May I?")
      let path = "/approvals/\(question.id)"
      #expect(try await test.page(path, as: .approver).text.contains("value=\"approve\""))
      let viewer = try await test.page(path, as: .viewer)
      #expect(viewer.status == 200)
      #expect(!viewer.text.contains("value=\"approve\""))
      #expect(viewer.text.contains("any approver"))
      let form: KeyValuePairs = ["answer": "approve", "seen": question.stamp]
      #expect(try await test.send("\(path)/decide", form, as: .viewer).status == 403)
      let member = try await test.send("\(path)/decide", form, as: .member)
      #expect(member.status == 403)
      #expect(member.text.contains("may not decide this"))
      #expect(try await test.engine.checkpoint(question.id)?.state == .pending)
    }
  }

  @Test func `says who was faster`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "First?")
      let path = "/approvals/\(question.id)/decide"
      _ = try await test.send(path, ["answer": "reject", "comment": "not <now>"], as: .approver)
      let late = try await test.send(path, ["answer": "approve", "seen": question.stamp], as: .admin)
      #expect(late.status == 409)
      #expect(late.text.contains("token:approver has rejected it already, who said: not &lt;now&gt;"))
    }
  }

  @Test func `shows what an edit changes before it counts`() async throws {
    try await TestAPI.run { test in
      let data: JSONValue = ["amount": 9_007_199_254_740_993, "note": "old", "urgent": false, "keep": ["a": 1]]
      let question = try await test.ask(title: "Pay?", data: data) {
        $0.schema =
          #"{"type":"object","required":["amount"],"properties":{"amount":{"type":"integer"},"note":{"type":"string"},"urgent":{"type":"boolean"}}}"#
      }
      let path = "/approvals/\(question.id)"
      #expect(try await test.page(path).text.contains("value=\"9007199254740993\""))
      let fields: KeyValuePairs = [
        "f/amount": "9007199254740993", "f/note": "new", "f/urgent": "yes", "f/keep/a": "1",
      ]
      let review = try await test.send("\(path)/review", fields)
      #expect(review.status == 200)
      #expect(review.text.contains("<del>&quot;old&quot;</del>"))
      #expect(review.text.contains("<ins>&quot;new&quot;</ins>"))
      #expect(!review.text.contains("<code>#/amount</code>"))
      #expect(try await test.engine.checkpoint(question.id)?.state == .pending)
      let sent = try #require(review.text.firstMatch(of: /name="data" value="([^"]*)"/)?.1)
      let edited = sent.replacing("&quot;", with: "\"")
      let answer = try await test.send(
        "\(path)/decide", ["answer": "approve", "seen": question.stamp, "data": String(edited)])
      #expect(answer.status == 303)
      let decided = try await test.engine.checkpoint(question.id)
      #expect(decided?.answer?["amount"] == 9_007_199_254_740_993)
      #expect(decided?.answer?["note"] == "new")
      #expect(decided?.answer?["keep"] == ["a": 1])
    }
  }

  @Test func `refuses an edit that does not fit, and keeps what was typed`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "Pay?", data: ["amount": 5]) {
        $0.schema = #"{"type":"object","properties":{"amount":{"type":"integer","maximum":10}}}"#
      }
      let path = "/approvals/\(question.id)/review"
      let large = try await test.send(path, ["f/amount": "11"])
      #expect(large.status == 422)
      #expect(large.text.contains("value=\"11\""))
      let wrong = try await test.send(path, ["f/amount": "many"])
      #expect(wrong.status == 422)
      #expect(wrong.text.contains("must be a whole number"))
      let broken = try await test.send(path, ["json": "{\"amount\": "])
      #expect(broken.status == 422)
      #expect(broken.text.contains("This is not JSON"))
    }
  }

  @Test func `takes no yes to data that were changed meanwhile`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "Both?") { $0.reviewers.required = 2 }
      var verdict = Verdict(.approve)
      verdict.data = ["amount": 8]
      _ = try await test.engine.decide(question.id, verdict, by: Actor(id: "first", role: .approver))
      let late = try await test.send(
        "/approvals/\(question.id)/decide", ["answer": "approve", "seen": question.stamp])
      #expect(late.status == 403)
      #expect(late.text.contains("Somebody has changed the data"))
      #expect(late.text.contains("1 of 2 agree"))
    }
  }

  @Test func `remembers an answer for as long as was asked`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "Again and again?")
      let answer = try await test.send(
        "/approvals/\(question.id)/decide",
        ["answer": "approve", "seen": question.stamp, "remember": "kind", "rememberFor": "8h"], as: .approver)
      #expect(answer.status == 303)
      let grants = try await test.engine.grants(before: nil, limit: 10).grants
      #expect(grants.count == 1)
    }
  }

  @Test func `goes only to pages of its own after a form`() async throws {
    try await TestAPI.run { test in
      for (asked, expected) in [
        ("/jobs?x=1", "/jobs?x=1"), ("//evil.example", "/approvals"), ("https://evil.example", "/approvals"),
        ("/\\evil.example", "/approvals"), ("/a\r\nSet-Cookie: x=y", "/approvals"),
      ] {
        let question = try await test.ask(title: "Where to?")
        let answer = try await test.send(
          "/approvals/\(question.id)/decide", ["answer": "reject", "return": asked])
        #expect(answer.headers[.location] == expected)
      }
    }
  }
}
