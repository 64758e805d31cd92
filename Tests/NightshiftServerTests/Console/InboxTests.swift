import Foundation
import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `The order of the inbox` {
  @Test func `puts first what expires first, then what may do more harm`() async throws {
    try await TestAPI.run { test in
      let soon = try await test.ask(title: "In an hour") { $0.expires = .seconds(3_600) }
      let late = try await test.ask(title: "In a day") { $0.expires = .seconds(86_400) }
      var (harmless, forGood, older) = (late, late, late)
      (harmless.risk, forGood.risk) = (Risk.read.rawValue, Risk.irreversible.rawValue)
      older.id = CheckpointID(rawValue: late.id.rawValue - 1)
      let ordered = Inbox.ordered([harmless, late, older, forGood, soon])
      #expect(ordered.map(\.expiresAt) == [soon, late, late, late, late].map(\.expiresAt))
      #expect(ordered[1].risk == "irreversible" && ordered.last?.risk == "read")
      #expect(ordered[2].id == older.id)
      let text = try await test.page("/approvals").text
      let first = try #require(text.firstRange(of: "In an hour")?.lowerBound)
      #expect(try first < #require(text.firstRange(of: "In a day")?.lowerBound))
    }
  }

  @Test func `goes on after a question that was decided meanwhile`() async throws {
    try await TestAPI.run { test in
      var asked: [Checkpoint] = []
      for hours in 1...4 {
        asked.append(try await test.ask(title: "After \(hours) h") { $0.expires = .seconds(hours * 3_600) })
      }
      var filter = CheckpointFilter()
      filter.states = [.pending]
      let first = try await Inbox(filter, test.engine).page(after: nil, limit: 2)
      #expect(first.checkpoints.map(\.id) == asked[0...1].map(\.id))
      #expect(first.next == asked[1].id)
      _ = try await test.engine.decide(asked[1].id, Verdict(.reject), by: Actor(id: "ann", role: .approver))
      let last = try await test.engine.checkpoint(asked[1].id)
      let second = try await Inbox(filter, test.engine).page(after: last, limit: 2)
      #expect(second.checkpoints.map(\.id) == asked[2...3].map(\.id))
      #expect(second.next == nil)
    }
  }

  @Test func `keeps the filter after a decision`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "Which?")
      let page = try await test.page("/approvals?kind=\(question.kind)")
      #expect(page.text.contains("name=\"return\" value=\"/approvals?kind=\(question.kind)\""))
    }
  }

  @Test func `offers no second yes to whoever has given one`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "Both of you?") { $0.reviewers.required = 2 }
      let path = "/approvals/\(question.id)"
      let form: KeyValuePairs = ["answer": "approve", "seen": question.stamp]
      #expect(try await test.send("\(path)/decide", form, as: .approver).status == 303)
      for place in ["/approvals", path] {
        let mine = try await test.page(place, as: .approver).text
        #expect(!mine.contains("value=\"approve\"") && mine.contains("value=\"reject\""), "\(place)")
        #expect(mine.contains("You have approved it"))
        #expect(!mine.contains("Edit, then approve"))
        #expect(try await test.page(place, as: .admin).text.contains("value=\"approve\""), "\(place)")
      }
    }
  }

  @Test func `says that a question has expired, and not that somebody did it`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "Too late?") { $0.expires = .seconds(2) }
      for try await _ in try await test.engine.listen(EventFilter(job: question.job)) {
        if try await test.engine.checkpoint(question.id)?.state != .pending { break }
      }
      let late = try await test.send(
        "/approvals/\(question.id)/decide", ["answer": "approve", "seen": question.stamp])
      #expect(late.status == 409)
      #expect(late.text.contains("It has expired. Your answer was not counted."))
      #expect(!late.text.contains("has expired it already"))
    }
  }

  @Test func `lists remembered answers, and revokes them`() async throws {
    try await TestAPI.run { test in
      #expect(try await test.page("/approvals/remembered").text.contains("No answer is remembered"))
      let question = try await test.ask(title: "Always?")
      _ = try await test.send(
        "/approvals/\(question.id)/decide",
        ["answer": "approve", "seen": question.stamp, "remember": "kind", "rememberFor": "8h"], as: .approver)
      let grant = try #require(try await test.engine.grants().grants.first)
      let list = try await test.page("/approvals/remembered", as: .approver)
      #expect(list.text.contains(question.kind) && list.text.contains("token:approver"))
      #expect(list.text.contains("data-confirm"))
      let viewer = try await test.page("/approvals/remembered", as: .viewer)
      #expect(viewer.text.contains(question.kind) && !viewer.text.contains("Revoke</button>"))
      let path = "/approvals/remembered/\(grant.id)/revoke"
      #expect(try await test.send(path, ["confirmed": "yes"], as: .viewer).status == 403)
      #expect(try await test.send(path, [:], as: .approver).text.contains("Revoke this answer?"))
      #expect(try await test.send(path, ["confirmed": "yes"], as: .approver).status == 303)
      #expect(try await test.send(path, ["confirmed": "yes"], as: .approver).status == 404)
      #expect(try await test.engine.grants().grants.isEmpty)
      #expect(try await test.page("/approvals").text.contains("href=\"/approvals/remembered\""))
    }
  }
}

@Suite struct `The page of a job that waits` {
  @Test func `says for what, and leads there`() async throws {
    try await TestAPI.run { test in
      let question = try await test.ask(title: "Go on?")
      let page = try await test.page("/jobs/\(question.job)").text
      let notices = try #require(page.firstMatch(of: /(?s)id="job-notices".*?id="job-facts"/)).output
      #expect(notices.contains("It waits for an answer:"))
      #expect(notices.contains("<a href=\"/approvals/\(question.id)\">Go on?</a>"))
    }
  }

  @Test func `has a place for what comes later`() async throws {
    try await TestAPI.run(worker: false) { test in
      let page = try await test.page("/jobs/\(try await test.post(#"{"kind": "echo"}"#))").text
      for place in ["job-files", "job-steps", "job-questions", "job-signal", "log-summary"] {
        #expect(page.contains("id=\"\(place)\" data-live="), "\(place)")
      }
    }
  }

  @Test func `of a list tells of a pause of everything`() async throws {
    try await TestAPI.run(worker: false) { test in
      #expect(try await !test.page("/jobs").text.contains("Everything is paused"))
      _ = try await test.engine.pause(.everything, until: nil, reason: "the <move>", by: .system)
      let page = try await test.page("/jobs", as: .viewer).text
      #expect(page.contains("Everything is paused") && page.contains("the &lt;move&gt;"))
    }
  }
}
