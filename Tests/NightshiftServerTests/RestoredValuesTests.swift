import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `A value that an editor is not shown` {
  private static let headers = #""headers": {"Authorization": "Bearer OPERATOR-KEY", "X-Tag": "a"}"#

  /// A call that an operator has enqueued for a member, once it has ended.
  private func call(_ test: TestAPI) async throws -> String {
    try await test.engine.register("http", payload: JSONValue.self) { _, _ -> Void in throw PermanentFailure("no") }
    let id = try await test.post(
      #"{"kind": "http", "owner": "token:member", "payload": {"url": "https://api.test/a", \#(Self.headers)}}"#)
    _ = try await test.end(of: id)
    return id
  }

  private func edited(_ url: String, _ more: String = "") -> String {
    #"{"payload": {"url": "\#(url)", "headers": {"Authorization": "[redacted]"\#(more)}}}"#
  }

  @Test(arguments: [
    "https://mine.test/a", "http://api.test/a", "https://api.test:8443/a", "https://api.test@mine.test/",
    "https://api.test.mine.test/a", "https://[::1]/a", "https:// nonsense",
  ])
  func `is not sent elsewhere than it was meant for`(_ url: String) async throws {
    try await TestAPI.run { test in
      let id = try await call(test)
      for verb in ["fork", "retry"] {
        let answer = try await test.call(.post, "/api/jobs/\(id)/\(verb)", as: .member, body: edited(url))
        #expect(answer.status == 422 && answer.detail.contains("send the value itself"), "\(verb) \(answer.text)")
        #expect(answer.errors.first?.hasPrefix("#/payload/url: ") == true)
      }
      let payload = #"{"url": "\#(url)", "headers": {"Authorization": "[redacted]"}}"#
      let page = try await test.send("/jobs/\(id)/edit", ["payload": payload], as: .member)
      #expect(page.status == 422 && page.text.contains("send the value itself"))
      let all = try await test.call(.get, "/api/jobs/\(id)").json
      #expect(all["state"] == "dead" && all["payload"]?["url"] == "https://api.test/a")
    }
  }

  @Test func `is not sent to another host at the same address`() async throws {
    try await TestAPI.run { test in
      let id = try await call(test)
      let host = edited("https://api.test/a", #", "host": "mine.test""#)
      #expect(try await test.call(.post, "/api/jobs/\(id)/fork", as: .member, body: host).status == 422)
    }
  }

  @Test(arguments: ["https://api.test/b?c=d", "HTTPS://API.test:443/b"])
  func `is kept where the call still goes there`(_ url: String) async throws {
    try await TestAPI.run { test in
      let id = try await call(test)
      let answer = try await test.call(.post, "/api/jobs/\(id)/fork", as: .member, body: edited(url))
      #expect(answer.status == 202, "\(answer.text)")
      let fork = answer.json["id"]?.stringValue ?? ""
      let payload = try await test.call(.get, "/api/jobs/\(fork)").json["payload"]
      #expect(payload?["headers"]?["Authorization"] == "Bearer OPERATOR-KEY" && payload?["url"]?.stringValue == url)
    }
  }

  @Test func `keeps nobody from sending another one, nor whoever is shown it from anything`() async throws {
    try await TestAPI.run { test in
      let id = try await call(test)
      let own = #"{"payload": {"url": "https://mine.test/", "headers": {"Authorization": "Bearer MINE"}}}"#
      #expect(try await test.call(.post, "/api/jobs/\(id)/fork", as: .member, body: own).status == 202)
      let moved = edited("https://mine.test/")
      let fork = try await test.call(.post, "/api/jobs/\(id)/fork", as: .operator, body: moved)
      #expect(fork.status == 202)
      let payload = try await test.call(.get, "/api/jobs/\(fork.json["id"]?.stringValue ?? "")").json["payload"]
      #expect(payload?["headers"]?["Authorization"] == "[redacted]", "to an operator it is a text like any other")
    }
  }

  @Test func `stays in the texts that repeat it, too`() async throws {
    try await TestAPI.run { test in
      try await test.engine.register("ask", payload: JSONValue.self) { payload, context -> JSONValue in
        let data: JSONValue = ["command": "login \(payload["password"]?.stringValue ?? "")", "times": 1]
        return try await context.approval("may", title: "May I?", showing: data).data(as: JSONValue.self)
      }
      let id = try await test.post(
        #"{"kind": "ask", "owner": "token:member", "payload": {"password": "hunter2pw", "note": "use hunter2pw", "n": 1}}"#
      )
      let job = try #require(JobID(id))
      try await test.wait(for: .waiting, job)
      let question = try await test.call(.get, "/api/jobs/\(id)/checkpoints", as: .approver).json["checkpoints"]?[0]
      #expect(question?["data"] == ["command": "login [redacted]", "times": 1] && question?["digest"] == nil)
      let approve = "/api/checkpoints/\(question?["id"]?.stringValue ?? "")/approve"
      let answer = #"{"data": {"command": "login [redacted]", "times": 2}}"#
      #expect(try await test.call(.post, approve, as: .approver, body: answer).status == 200)
      #expect(try await test.end(of: id)?.summary.state == .completed)
      let result = try await test.call(.get, "/api/jobs/\(id)").json["result"]
      #expect(result == ["command": "login hunter2pw", "times": 2])
      let fork = #"{"payload": {"password": "[redacted]", "note": "use [redacted]", "n": 2}}"#
      let made = try await test.call(.post, "/api/jobs/\(id)/fork", as: .member, body: fork)
      let payload = try await test.call(.get, "/api/jobs/\(made.json["id"]?.stringValue ?? "")").json["payload"]
      #expect(payload == ["password": "hunter2pw", "note": "use hunter2pw", "n": 2], "\(made.text)")
    }
  }

  // MARK: Schedules

  private static let forAdmins = Redaction(revealTo: .admin)

  private func scheduled(_ body: (TestAPI, @Sendable (String) async throws -> TestAnswer) async throws -> Void)
    async throws
  {
    try await TestAPI.run(worker: false, configure: { $0.redaction = Self.forAdmins }) { test in
      try await test.engine.register("http", payload: JSONValue.self) { _, _ in }
      let made = #"""
        {"name": "sch", "expression": "@daily", "kind": "http", "tags": ["t-OPERATOR-KEY"],
          "payload": {"url": "https://api.test/a", "headers": {"Authorization": "OPERATOR-KEY"}}}
        """#
      #expect(try await test.call(.post, "/api/schedules", body: made).status == 201)
      try await body(test) { try await test.call(.patch, "/api/schedules/sch", as: .operator, body: $0) }
    }
  }

  @Test func `is not sent elsewhere by a schedule`() async throws {
    try await scheduled { test, patch in
      let answer = try await patch(edited("https://mine.test/"))
      #expect(answer.status == 422 && answer.detail.contains("send the value itself"), "\(answer.text)")
      let form = try await test.send(
        "/schedules/sch/edit",
        [
          "expression": "@daily", "kind": "http",
          "payload": #"{"url": "https://mine.test/", "headers": {"Authorization": "[redacted]"}}"#,
        ], as: .operator)
      #expect(form.status == 422 && form.text.contains("send the value itself"))
      #expect(try await test.call(.get, "/api/schedules/sch").json["payload"]?["url"] == "https://api.test/a")
      #expect(try await patch(edited("https://api.test/b")).status == 200)
      let payload = try await test.call(.get, "/api/schedules/sch").json["payload"]
      #expect(payload?["url"] == "https://api.test/b" && payload?["headers"]?["Authorization"] == "OPERATOR-KEY")
    }
  }

  @Test(arguments: [
    (#"{"kind": "echo"}"#, "#/payload"),
    (#"{"kind": "echo", "payload": {"headers": {"Authorization": "[redacted]"}}}"#, "#/payload"),
    (#"{"kind": "echo", "payload": {}}"#, "#/tags"),
    (#"{"kind": "echo", "payload": {}, "tags": ["t-[redacted]"]}"#, "#/tags"),
  ])
  func `is not handed to another kind by a schedule`(_ body: String, _ place: String) async throws {
    try await scheduled { test, patch in
      let answer = try await patch(body)
      #expect(answer.status == 422 && answer.errors.first?.hasPrefix("\(place): ") == true, "\(answer.text)")
      #expect(try await test.call(.get, "/api/schedules/sch").json["kind"] == "http")
      #expect(try await patch(#"{"kind": "echo", "payload": {"a": 1}, "tags": []}"#).status == 200)
    }
  }
}
