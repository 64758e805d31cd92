import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `Pages of jobs` {
  @Test func `list what the address says, and show hostile payloads as words`() async throws {
    try await TestAPI.run { test in
      let hostile = "<script>alert(1)</script>"
      let id = try await test.post(#"{"kind": "echo", "payload": "\#(hostile)", "tags": ["a&b"]}"#)
      _ = try await test.end(of: id)
      let dead = try await test.post(#"{"kind": "fail", "payload": {}}"#)
      _ = try await test.end(of: dead)
      let all = try await test.page("/jobs")
      #expect(all.status == 200 && all.text.contains(id) && all.text.contains(dead))
      #expect(all.text.contains("/jobs?tag=a%26b"))
      let narrowed = try await test.page("/jobs?state=dead&search=&kind=")
      #expect(narrowed.text.contains(dead) && !narrowed.text.contains(id))
      let tagged = try await test.page("/jobs?tag=a%26b&tag=&organization=&owner=")
      #expect(tagged.text.contains(id) && !tagged.text.contains(dead))
      #expect(tagged.text.contains("name=\"tag\" value=\"a&amp;b\""))
      let owned = try await test.page("/jobs?owner=somebody")
      #expect(owned.text.contains("No job is like that") && owned.text.contains("name=\"owner\" value=\"somebody\""))
      let job = try await test.page("/jobs/\(id)")
      #expect(job.status == 200)
      #expect(!job.text.contains("<script>alert") && job.text.contains("&lt;script&gt;alert(1)"))
      #expect(job.text.contains("hello"))
      let failed = try await test.page("/jobs/\(dead)")
      #expect(failed.text.contains("It cannot be done."))
      #expect(try await test.page("/jobs/\(id)/logs").text.contains("hello"))
      #expect(try await test.page("/jobs?state=<b>").status == 422)
    }
  }

  @Test func `offer each role what it may do`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind": "fail", "payload": {}}"#)
      _ = try await test.end(of: id)
      let viewer = try await test.page("/jobs/\(id)", as: .viewer)
      #expect(viewer.status == 200 && !viewer.text.contains("value=\"retry\""))
      let list = try await test.page("/jobs", as: .viewer)
      #expect(!list.text.contains("name=\"verb\"") && !list.text.contains("New job"))
      #expect(try await test.page("/jobs/\(id)", as: .operator).text.contains("value=\"retry\""))
      #expect(try await test.send("/jobs/\(id)/change", ["verb": "retry"], as: .viewer).status == 403)
      // It is another's.
      #expect(try await test.page("/jobs/\(id)", as: .member).status == 404)
      #expect(try await test.page("/jobs", as: .member).text.contains("There are no jobs yet"))
      #expect(try await test.page("/dead-letters", as: .member).status == 404)
    }
  }

  @Test func `enqueue, cancel and retry by forms alone`() async throws {
    try await TestAPI.run { test in
      #expect(try await test.page("/jobs/new").text.contains("send-receipt"))
      #expect(try await test.page("/jobs/new?kind=send-receipt").text.contains("name=\"f/orderID\""))
      let wrong = try await test.send("/jobs/new", ["kind": "send-receipt", "f/orderID": "0"])
      #expect(wrong.status == 422)
      let made = try await test.send("/jobs/new", ["kind": "send-receipt", "f/orderID": "7", "delay": "1h"])
      #expect(made.status == 303)
      let path = try #require(made.headers[.location])
      #expect(try await test.page(path).text.contains("scheduled"))
      let cancelled = try await test.send("\(path)/change", ["verb": "cancel"])
      #expect(cancelled.status == 303)
      #expect(try await test.send("\(path)/change", ["verb": "cancel"]).status == 409)
      let review = try await test.send("\(path)/edit", ["f/orderID": "8"])
      #expect(review.status == 200 && review.text.contains("<del>7</del>") && review.text.contains("<ins>8</ins>"))
      #expect(try await test.send("\(path)/edit", ["payload": #"{"orderID": 0}"#]).status == 422)
      #expect(try await test.send("\(path)/edit", ["payload": #"{"orderID": 8}"#]).status == 303)
      let id = try #require(path.split(separator: "/").last)
      #expect(try await test.end(of: String(id))?.payload == Array(#"{"orderID":8}"#.utf8))
    }
  }

  @Test func `show what a bulk action means before it is done`() async throws {
    try await TestAPI.run(worker: false) { test in
      let ids = [try await test.post(#"{"kind": "echo"}"#), try await test.post(#"{"kind": "echo"}"#)]
      let preview = try await test.send("/jobs/change", ["verb": "cancel", "id": ids[0]])
      #expect(preview.status == 200 && preview.text.contains("Cancel 1 job?"))
      #expect(try await test.call(.get, "/api/jobs/\(ids[0])").json["state"] == "ready")
      let done = try await test.send("/jobs/change", ["verb": "cancel", "id": ids[0], "confirmed": "yes"])
      #expect(done.status == 303 && done.headers[.setCookie]?.contains("cancelled.1") == true)
      let all = try await test.send("/jobs/change", ["verb": "cancel", "filter": "kind=echo"])
      #expect(all.text.contains("Cancel 1 job?"))
      let begun = try await test.send(
        "/jobs/change", ["verb": "cancel", "filter": "kind=echo", "confirmed": "yes"])
      #expect(begun.headers[.location]?.hasPrefix("/operations/opr_") == true)
      #expect(try await test.page(begun.headers[.location] ?? "").status == 200)
      #expect(try await test.page("/operations").text.contains("Cancelling jobs"))
      #expect(try await test.send("/jobs/change", ["verb": "cancel", "filter": ""]).status == 422)
    }
  }

  @Test func `group dead letters, and deal with all of a group`() async throws {
    try await TestAPI.run { test in
      for _ in 0..<2 { _ = try await test.end(of: try await test.post(#"{"kind": "fail", "payload": {}}"#)) }
      let page = try await test.page("/dead-letters")
      #expect(page.status == 200 && page.text.contains("<b>2</b>") && page.text.contains("It cannot be done."))
      let path = try #require(page.text.firstMatch(of: /action="(\/dead-letters\/[0-9a-f]+)"/)?.1)
      #expect(try await test.send(String(path), ["verb": "ignore", "reason": "known <b>"]).status == 303)
      #expect(try await test.page("/dead-letters").text.contains("Nothing died"))
      #expect(try await test.page("/dead-letters?show=ignored").text.contains("known &lt;b&gt;"))
      #expect(try await test.send(String(path), ["verb": "unignore"]).status == 303)
      #expect(try await test.send(String(path), ["verb": "discard"]).text.contains("Discard 2 dead jobs?"))
      let begun = try await test.send(String(path), ["verb": "discard", "confirmed": "yes"])
      #expect(begun.headers[.location]?.hasPrefix("/operations/") == true)
      let groups = try await test.call(.get, "/api/dead-letters", as: .viewer)
      #expect(groups.status == 200)
    }
  }

  @Test func `keep views for whoever saved them`() async throws {
    try await TestAPI.run(worker: false) { test in
      let saved = try await test.send("/jobs/views", ["name": "Failed <b>", "filter": "state=dead"], as: .viewer)
      #expect(saved.status == 303 && saved.headers[.location] == "/jobs?state=dead")
      let mine = try await test.page("/jobs", as: .viewer).text
      #expect(mine.contains("Failed &lt;b&gt;"))
      #expect(try await !test.page("/jobs", as: .admin).text.contains("Failed &lt;b&gt;"))
      #expect(try await test.send("/jobs/views", ["remove": "Failed <b>"], as: .viewer).status == 303)
    }
  }

  @Test func `show the overview with what is wrong`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.post(#"{"kind": "echo", "queue": "mail"}"#)
      _ = try await test.call(.post, "/api/queues/slow/pause", body: #"{"reason": "<i>why</i>"}"#)
      let page = try await test.page("/overview", as: .viewer)
      #expect(page.status == 200)
      #expect(page.text.contains("The queue slow is paused by token:admin: &lt;i&gt;why&lt;/i&gt;."))
      #expect(page.text.contains("/jobs?queue=mail"))
      #expect(try await !test.page("/overview").text.contains("secrets: "))
      // Who can mend it is told of what else the server's own checks find.
      test.engine.provide(masterKeys: [MasterKey.random().key])
      _ = try await test.engine.setSecret("mail", to: "hush", by: .system)
      test.engine.provide(masterKeys: [MasterKey.random().key])
      #expect(try await test.page("/overview").text.contains("secrets: "))
      #expect(try await !test.page("/overview", as: .viewer).text.contains("secrets: "))
    }
  }

  @Test func `hide from lesser roles what is nobody's business`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind": "echo", "payload": {"password": "hunter-two", "to": "ada"}}"#)
      _ = try await test.end(of: id)
      let viewer = try await test.page("/jobs/\(id)", as: .viewer).text
      #expect(!viewer.contains("hunter-two") && viewer.contains("[redacted]") && viewer.contains("ada"))
      #expect(try await test.page("/jobs/\(id)", as: .operator).text.contains("hunter-two"))
      let data: JSONValue = ["password": "hunter-two", "to": "ada"]
      let question = try await test.ask(title: "Send hunter-two?", data: data)
      for path in ["/approvals", "/approvals/\(question.id)"] {
        let text = try await test.page(path, as: .approver).text
        #expect(!text.contains("hunter-two") && text.contains("[redacted]"), "\(path)")
      }
      // Whoever edits what was shown leaves alone what was not.
      let answer = try await test.send(
        "/approvals/\(question.id)/decide",
        ["answer": "approve", "seen": question.stamp, "data": #"{"password": "[redacted]", "to": "bob"}"#],
        as: .approver)
      #expect(answer.status == 303)
      let decided = try await test.engine.checkpoint(question.id)
      #expect(decided?.answer == ["password": "hunter-two", "to": "bob"])
    }
  }
}
