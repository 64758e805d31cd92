import Foundation
import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `The API for checkpoints and signals` {
  /// A job that asks, once it waits.
  private func asking(_ test: TestAPI, _ options: CheckpointOptions = CheckpointOptions()) async throws -> JobID {
    try await test.engine.register("ask", payload: Int.self) { amount, context in
      try await context.approval("send", title: "Send \(amount)?", showing: ["amount": amount], options: options)
        .data(as: [String: Int].self)
    }
    let draft = JobDraft(kind: "ask", payload: Array("7".utf8))
    let id = try #require(try await test.engine.submit([draft], actor: .system).first).id
    try await wait(for: "waiting", id, test)
    return id
  }

  private func wait(for state: String, _ id: JobID, _ test: TestAPI) async throws {
    let events = try await test.engine.listen(EventFilter(job: id))
    if try await test.call(.get, "/api/jobs/\(id)").json["state"]?.stringValue == state { return }
    for try await case .event(_, let event) in events {
      if case .state(let now, _) = event.body, now.rawValue == state { return }
    }
  }

  @Test func `lists what waits, lets a reviewer edit and approve, and tells the second who was first`() async throws {
    try await TestAPI.run { test in
      let job = try await asking(test)
      let list = try await test.call(.get, "/api/checkpoints", as: .viewer)
      #expect(list.status == 200)
      let checkpoint = try #require(list.json["checkpoints"]?.arrayValue?.first)
      #expect(checkpoint["title"] == "Send 7?" && checkpoint["data"] == ["amount": 7])
      #expect(checkpoint["state"] == "pending" && checkpoint["job"]?.stringValue == "\(job)")
      let path = "/api/checkpoints/\(checkpoint["id"]!.stringValue!)"
      // To a member, what others have asked for is not there at all.
      #expect(try await test.call(.get, path, as: .member).status == 404)
      #expect(try await test.call(.post, "\(path)/approve", as: .member).status == 404)
      let answer = try await test.call(
        .post, "\(path)/approve", as: .approver, body: #"{"comment": "less", "data": {"amount": 5}}"#)
      #expect(answer.status == 200 && answer.json["state"] == "approved")
      #expect(answer.json["approvedData"] == ["amount": 5])
      let decision = try #require(answer.json["decisions"]?.arrayValue?.first)
      #expect(decision["by"] == "token:approver" && decision["address"] == "192.0.2.7" && decision["comment"] == "less")
      #expect(decision["changes"] == [["pointer": "#/amount", "before": 7, "after": 5]])
      let late = try await test.call(.post, "\(path)/reject", as: .admin)
      #expect(late.status == 409 && late.detail.contains("approved already, by token:approver"))
      try await wait(for: "completed", job, test)
      let detail = try await test.call(.get, "/api/jobs/\(job)").json
      #expect(detail["result"] == ["amount": 5])
      #expect(detail["waits"]?.arrayValue?.first?["state"] == "satisfied")
      #expect(try await test.call(.get, "/api/checkpoints").json["checkpoints"] == [])
      #expect(try await test.call(.get, "/api/checkpoints?state=all").json["checkpoints"]?.arrayValue?.count == 1)
      let ofJob = try await test.call(.get, "/api/jobs/\(job)/checkpoints").json
      #expect(ofJob["checkpoints"]?.arrayValue?.count == 1)
    }
  }

  @Test func `cancels the job of a rejection with its reason`() async throws {
    try await TestAPI.run { test in
      let job = try await asking(test)
      let list = try await test.call(.get, "/api/jobs/\(job)/checkpoints").json
      let id = try #require(list["checkpoints"]?.arrayValue?.first?["id"]?.stringValue)
      let answer = try await test.call(.post, "/api/checkpoints/\(id)/reject", body: #"{"comment": "no"}"#)
      #expect(answer.status == 200 && answer.json["state"] == "rejected")
      try await wait(for: "cancelled", job, test)
      let detail = try await test.call(.get, "/api/jobs/\(job)").json
      #expect(detail["cancelReason"] == "Rejected by token:admin: Send 7? (no)")
    }
  }

  @Test func `tells those who follow the job of signals and answers`() async throws {
    try await TestAPI.run { test in
      try await test.engine.register("two", payload: Int.self) { _, context in
        async let one = context.approval("one", title: "One?")
        async let other = context.signal("paid", as: Int.self)
        _ = try await (one, other)
        // So that the stream goes on for as long as the test reads it.
        _ = try await context.signal("end", as: Int.self)
      }
      let draft = JobDraft(kind: "two", payload: Array("7".utf8))
      let id = try #require(try await test.engine.submit([draft], actor: .system).first).id
      try await wait(for: "waiting", id, test)
      let events = try await test.engine.listen(EventFilter(job: id))
      let list = try await test.call(.get, "/api/jobs/\(id)/checkpoints").json
      let checkpoint = try #require(list["checkpoints"]?.arrayValue?.first?["id"]?.stringValue)
      _ = try await test.call(.post, "/api/jobs/\(id)/signals/paid", as: .operator, body: #"{"payload": 7}"#)
      _ = try await test.call(.post, "/api/checkpoints/\(checkpoint)/approve", as: .approver)
      var seen: [String: JSONValue] = [:]
      for try await case .event(let number, let event) in events {
        let message = LiveMessage(event, id: number)
        // That it was asked may be told after the job has begun to wait.
        if message.data["state"] == "pending" { continue }
        if ["signal", "checkpoint"].contains(message.type) { seen[message.type] = message.data }
        if seen.count == 2 { break }
      }
      #expect(seen["signal"]?["name"] == "paid" && seen["signal"]?["by"] == "token:operator")
      #expect(
        seen["checkpoint"]?["checkpoint"]?.stringValue == checkpoint && seen["checkpoint"]?["state"] == "approved")
      #expect(seen["checkpoint"]?["verdict"] == "approved" && seen["checkpoint"]?["by"] == "token:approver")
      #expect(seen["checkpoint"]?["title"] == "One?" && seen["checkpoint"]?["job"]?.stringValue == "\(id)")
    }
  }

  @Test func `lists and revokes what reviewers have said to remember`() async throws {
    try await TestAPI.run { test in
      let job = try await asking(test)
      let list = try await test.call(.get, "/api/jobs/\(job)/checkpoints").json
      let id = try #require(list["checkpoints"]?.arrayValue?.first?["id"]?.stringValue)
      let body = #"{"remember": {"scope": "arguments", "for": "8h"}}"#
      #expect(try await test.call(.post, "/api/checkpoints/\(id)/approve", as: .approver, body: body).status == 200)
      let grants = try await test.call(.get, "/api/grants", as: .viewer).json["grants"]?.arrayValue ?? []
      let grant = try #require(grants.first)
      #expect(grants.count == 1 && grant["scope"] == "arguments" && grant["checkpoint"]?.stringValue == id)
      #expect(grant["by"] == "token:approver" && grant["key"] == "send" && grant["kind"] == "ask")
      let path = "/api/grants/\(grant["id"]!.stringValue!)"
      // A member is not told of what was allowed for others' jobs.
      #expect(try await test.call(.get, "/api/grants", as: .member).json["grants"] == [])
      #expect(try await test.call(.delete, path, as: .member).status == 404)
      #expect(try await test.call(.delete, path, as: .approver).status == 204)
      #expect(try await test.call(.delete, path, as: .approver).status == 404)
      #expect(try await test.call(.delete, "/api/grants/nonsense").status == 404)
      #expect(try await test.call(.get, "/api/grants").json["grants"] == [])
    }
  }

  static let bad: [(body: String, pointer: String)] = [
    (#"{"coment": "x"}"#, "#/coment"), (#"{"comment": 5}"#, "#/comment"), (#"{"choice": "skip"}"#, "#/choice"),
    (#"{"data": {"amount": "x"}}"#, "#/data/amount"), (#"{"remember": {}}"#, "#/remember/scope"),
    (#"{"remember": {"scope": "world"}}"#, "#/remember/scope"),
    (#"{"remember": {"scope": "job", "for": "soon"}}"#, "#/remember/for"),
  ]

  @Test(arguments: bad)
  func `names what is wrong with a decision, and decides nothing`(_ body: String, _ pointer: String) async throws {
    try await TestAPI.run { test in
      var options = CheckpointOptions()
      options.schema = #"{"type": "object", "properties": {"amount": {"type": "integer"}}}"#
      let job = try await asking(test, options)
      let list = try await test.call(.get, "/api/jobs/\(job)/checkpoints").json
      let id = try #require(list["checkpoints"]?.arrayValue?.first?["id"]?.stringValue)
      let answer = try await test.call(.post, "/api/checkpoints/\(id)/approve", body: body)
      #expect(answer.status == 422)
      #expect(answer.json["errors"]?.arrayValue?.first?["pointer"]?.stringValue == pointer, "\(answer.text)")
      #expect(try await test.call(.get, "/api/checkpoints/\(id)").json["state"] == "pending")
    }
  }

  @Test func `knows no other checkpoints`() async throws {
    try await TestAPI.run(worker: false) { test in
      for id in ["chk_0000000000001", "nonsense", "job_0000000000001"] {
        let shown = try await test.call(.get, "/api/checkpoints/\(id)")
        let approved = try await test.call(.post, "/api/checkpoints/\(id)/approve")
        #expect(shown.status == 404 && approved.status == 404)
      }
      #expect(try await test.call(.get, "/api/checkpoints?state=open").status == 422)
    }
  }

  @Test func `shows what was sent and not waited for, hides it as payloads are, and bounds it`() async throws {
    try await TestAPI.run { test in
      try await test.engine.register("signal", payload: Int.self) { _, context in
        try await context.signal("paid", as: Int.self)
      }
      let draft = JobDraft(kind: "signal", payload: Array("1".utf8))
      let id = try #require(try await test.engine.submit([draft], actor: .system).first).id
      try await wait(for: "waiting", id, test)
      let path = "/api/jobs/\(id)"
      let tag = try await test.call(.get, path).headers[.eTag]
      let body = #"{"payload": {"amount": 5, "password": "geheim"}}"#
      #expect(try await test.call(.post, path + "/signals/piad", as: .operator, body: body).status == 202)
      let job = try await test.call(.get, path)
      #expect(job.headers[.eTag] != tag && job.json["signalCount"] == 1)
      let signal = try #require(job.json["signals"]?[0])
      #expect(signal["name"] == "piad" && signal["by"] == "token:operator" && signal["at"]?.stringValue != nil)
      #expect(signal["payload"] == ["amount": 5, "password": "geheim"])
      let hidden = try await test.call(.get, path, as: .viewer)
      #expect(hidden.json["signals"]?[0]?["payload"]?["amount"] == 5 && !hidden.text.contains("geheim"))
      for _ in 1..<KeptSignal.most { try await test.engine.signal("piad", to: id, 1) }
      let full = try await test.call(.post, path + "/signals/piad", as: .operator, body: body)
      #expect(full.status == 409 && full.json["code"] == "signals_full", "\(full.text)")
      #expect(full.detail.contains("at most 1000 signals with 8 MiB"))
    }
  }

  @Test func `sends signals, keeps them, and refuses them for what is over`() async throws {
    try await TestAPI.run { test in
      try await test.engine.register("signal", payload: Int.self) { _, context in
        try await context.signal("paid", as: Int.self)
      }
      let draft = JobDraft(kind: "signal", payload: Array("1".utf8))
      let id = try #require(try await test.engine.submit([draft], actor: .system).first).id
      let answer = try await test.call(.post, "/api/jobs/\(id)/signals/paid", as: .operator, body: #"{"payload": 7}"#)
      #expect(answer.status == 202 && answer.json["signal"] == "paid")
      try await wait(for: "completed", id, test)
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["result"] == 7)
      #expect(try await test.call(.post, "/api/jobs/\(id)/signals/paid").status == 409)
      #expect(try await test.call(.post, "/api/jobs/job_0000000000001/signals/paid").status == 404)
      #expect(try await test.call(.post, "/api/jobs/\(id)/signals/a%23b").status == 422)
    }
  }

  @Test func `asks on behalf of a running job, once for each key`() async throws {
    try await TestAPI.run { test in
      let draft = JobDraft(kind: "wait", payload: Array("{}".utf8))
      let id = try #require(try await test.engine.submit([draft], actor: .system).first).id
      try await wait(for: "running", id, test)
      let body = #"{"key": "go", "title": "Go on?", "expires": "1h", "reviewers": {"users": ["ada"]}}"#
      let first = try await test.call(.post, "/api/jobs/\(id)/checkpoints", body: body)
      #expect(first.status == 201 && first.json["state"] == "pending", "\(first.text)")
      let second = try await test.call(.post, "/api/jobs/\(id)/checkpoints", body: body)
      #expect(second.status == 200 && second.json["id"] == first.json["id"])
      let other = try await test.call(
        .post, "/api/jobs/\(id)/checkpoints", body: #"{"key": "go", "title": "Pay a million?"}"#)
      #expect(other.status == 409, "\(other.text)")
      let vague = try await test.call(
        .post, "/api/jobs/\(id)/checkpoints", body: #"{"title": "Go?", "reviewers": {"excludesRequester": "yes"}}"#)
      #expect(vague.status == 422)
      let wrong = try await test.call(
        .post, "/api/jobs/\(id)/checkpoints", body: #"{"title": "Go?", "reviewers": {"required": 0}}"#)
      #expect(wrong.status == 422)
      #expect(wrong.json["errors"]?.arrayValue?.first?["pointer"] == "#/reviewers/required", "\(wrong.text)")
    }
  }

  @Test func `forks a job from a step`() async throws {
    try await TestAPI.run { test in
      try await test.engine.register("steps", payload: Int.self) { number, context in
        let doubled = try await context.step("double") { number * 2 }
        return try await context.step("add") { doubled + 1 }
      }
      let draft = JobDraft(kind: "steps", payload: Array("4".utf8))
      let id = try #require(try await test.engine.submit([draft], actor: .system).first).id
      try await wait(for: "completed", id, test)
      let fork = try await test.call(
        .post, "/api/jobs/\(id)/fork", body: #"{"step": "double", "result": 100}"#)
      #expect(fork.status == 202, "\(fork.text)")
      let forked = try #require(fork.json["id"]?.stringValue.flatMap { JobID($0) })
      try await wait(for: "completed", forked, test)
      let detail = try await test.call(.get, "/api/jobs/\(forked)").json
      #expect(detail["result"] == 101)
      #expect(detail["forkedFrom"] == ["job": .string("\(id)"), "step": "double"])
      let wrong = try await test.call(.post, "/api/jobs/\(id)/fork", body: #"{"step": "halve"}"#)
      #expect(wrong.status == 422 && wrong.detail.contains("It has: double, add."))
    }
  }
}
