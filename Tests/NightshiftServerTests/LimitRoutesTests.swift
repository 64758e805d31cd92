import HTTPTypes
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `The API of limits` {
  private static let path = "/api/limits/per-customer"

  @Test func `sets, shows, replaces and removes one`() async throws {
    try await TestAPI.run(worker: false, clock: TestClock()) { test in
      let body = #"{"queues": ["mail"], "by": "/customer", "concurrency": 2, "rate": "10/s smooth"}"#
      let new = try await test.call(.put, Self.path, as: .operator, body: body)
      #expect(new.status == 201 && new.headers[.location] == Self.path, "\(new.text)")
      #expect(new.json["rate"] == "10/1s smooth" && new.json["queues"] == ["mail"] && new.json["kinds"] == nil)
      #expect(new.json["running"] == 0 && new.json["held"] == 0 && new.json["keys"] == [])
      #expect(new.json["updatedBy"] == "token:operator")
      let replaced = try await test.call(
        .put, Self.path, body: #"{"name": "per-customer", "kinds": ["echo"], "concurrency": 3, "queues": null}"#)
      #expect(replaced.status == 200 && replaced.json["concurrency"] == 3, "\(replaced.text)")
      #expect(replaced.json["rate"] == nil && replaced.json["by"] == nil && replaced.json["keys"] == nil)
      #expect(try await test.call(.get, Self.path, as: .viewer).json == replaced.json)
      let list = try await test.call(.get, "/api/limits", as: .viewer).json["limits"]
      #expect(list?.arrayValue?.count == 1 && list?[0]?["name"] == "per-customer")
      #expect(try await test.call(.delete, Self.path, as: .operator).status == 204)
      #expect(try await test.call(.delete, Self.path).status == 404)
      #expect(try await test.call(.get, Self.path).status == 404)
    }
  }

  @Test func `offers the nearest word for a slip`() async throws {
    try await TestAPI.run(worker: false) { test in
      let slip = try await test.call(.put, Self.path, body: #"{"rate": "10/1s smoooth", "by": "ownr"}"#)
      #expect(slip.status == 422)
      #expect(slip.errors.contains { $0.hasPrefix("#/rate") && $0.hasSuffix("did you mean `smooth`?") }, "\(slip.text)")
      #expect(slip.errors.contains { $0.hasPrefix("#/by") && $0.hasSuffix("did you mean `owner`?") })
    }
  }

  @Test func `accepts what nobody knows yet, and warns of it`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.post(#"{"kind": "echo", "queue": "mail"}"#)
      let body = #"{"queues": ["mial", "mail"], "kinds": ["ehco", "echo", "other"], "concurrency": 1}"#
      let slip = try await test.call(.put, Self.path, body: body)
      #expect(slip.status == 201)
      #expect(
        slip.json["warnings"] == [
          ["pointer": "#/queues", "detail": "no job has ever been in the queue `mial`; did you mean `mail`?"],
          ["pointer": "#/kinds", "detail": "no worker has ever registered the kind `ehco`; did you mean `echo`?"],
          ["pointer": "#/kinds", "detail": "no worker has ever registered the kind `other`"],
        ], "\(slip.text)")
      #expect(try await test.call(.get, Self.path).json["warnings"] == nil)
      let breaker = try await test.call(.put, "/api/breakers/b", body: #"{"kinds": ["ehco"]}"#)
      #expect(breaker.json["warnings"]?[0]?["detail"]?.stringValue?.hasSuffix("did you mean `echo`?") == true)
      for body in [#"{"queues": ["mail", "default"], "kinds": ["echo"], "concurrency": 1}"#, #"{"concurrency": 1}"#] {
        #expect(try await test.call(.put, Self.path, body: body).json["warnings"] == nil)
      }
    }
  }

  @Test func `shows the hundred busiest keys and says how many there are`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.call(.put, Self.path, body: #"{"by": "key", "rate": "1/1h"}"#)
      let jobs = (0..<240).map { "{\"kind\": \"echo\", \"limitKey\": \"\($0 / 2)\"}" }.joined(separator: ", ")
      _ = try await test.call(.post, "/api/jobs/batch", body: "{\"jobs\": [\(jobs)]}")
      #expect(try await test.engine.runDueJobs() == 120)
      let limit = try await test.call(.get, Self.path).json
      #expect(limit["keys"]?.arrayValue?.count == 100 && limit["usedKeys"] == 120)
    }
  }

  @Test func `says everything that is wrong, and changes nothing`() async throws {
    try await TestAPI.run(worker: false) { test in
      let wrong = try await test.call(
        .put, Self.path,
        body: """
          {"queues": ["a", "B!"], "kinds": 7, "by": "customer", "concurrency": "2", "rate": "often", "concurency": 3, \
          "name": "other"}
          """)
      #expect(wrong.status == 422)
      let pointers = wrong.errors.map { $0.split(separator: ":")[0] }
      #expect(
        pointers == [
          "#/by", "#/concurency", "#/concurrency", "#/kinds", "#/name", "#/queues/1", "#/rate",
        ], "\(wrong.errors)")
      #expect(wrong.errors.contains { $0.contains("did you mean `concurrency`?") })
      for (body, fault) in [
        ("{}", "limits nothing"), (#"{"concurrency": 0}"#, "To let nothing run, pause instead"),
        (#"{"rate": "0/1s"}"#, "the count must be 1 to"), (#"{"rate": "1/60d"}"#, "the period must be 1 ms to 31 days"),
        (#"{"by": "a/b", "rate": "1/1s"}"#, "a JSON pointer into the payload such as `/customer/id`"),
      ] {
        let answer = try await test.call(.put, Self.path, body: body)
        #expect(answer.status == 422 && answer.detail.contains(fault), "\(answer.text)")
      }
      let unnamed = try await test.call(.put, "/api/limits/No%20name", body: #"{"concurrency": 1}"#)
      #expect(unnamed.status == 422 && unnamed.errors.first?.hasPrefix("#/name: ") == true, "\(unnamed.text)")
      #expect(try await test.call(.get, "/api/limits").json["limits"] == [])
    }
  }

  @Test func `tells which limit keeps a job back, for which key, and until when`() async throws {
    let clock = TestClock()
    try await TestAPI.run(worker: false, clock: clock) { test in
      _ = try await test.call(.put, Self.path, body: #"{"by": "/customer", "rate": "1/1h"}"#)
      var ids: [String] = []
      for customer in ["acme", "acme", "zeta"] {
        ids.append(try await test.post("{\"kind\": \"echo\", \"payload\": {\"customer\": \"\(customer)\"}}"))
      }
      #expect(try await test.engine.runDueJobs() == 2)
      let held = try await test.call(.get, "/api/jobs/\(ids[1])", as: .viewer)
      let end = (clock.now + .seconds(3600)).rfc3339
      #expect(
        held.json["hold"]
          == ["reason": "limit", "limit": "per-customer", "key": "acme", "until": .string(end)], "\(held.text)")
      #expect(try await test.call(.get, "/api/jobs/\(ids[0])").json["hold"] == nil)
      let list = try await test.call(.get, "/api/jobs?state=ready").json["jobs"]
      #expect(list?[0]?["hold"]?["reason"] == "limit")
      let limit = try await test.call(.get, Self.path).json
      #expect(limit["held"] == 1 && limit["running"] == 0 && limit["busyKeys"] == 0)
      #expect(limit["keys"] == [["key": "acme", "running": 0, "held": 1]])
      let metrics = try await test.call(.get, "/metrics").text
      #expect(metrics.contains("nightshift_limit_held_jobs{limit=\"per-customer\"} 1\n"))
      #expect(metrics.contains("nightshift_limit_running_jobs{limit=\"per-customer\"} 0\n"))
      clock.advance(by: .seconds(3600))
      #expect(try await test.engine.runDueJobs() == 1)
    }
  }

  @Test func `takes a key for limits wherever a job is described`() async throws {
    try await TestAPI.run(worker: false) { test in
      let job = #"{"kind": "echo", "limitKey": "acme"}"#
      let id = try await test.post(job)
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["limitKey"] == "acme")
      let batch = try await test.call(.post, "/api/jobs/batch", body: "{\"jobs\": [\(job)]}").json["jobs"]
      let workflow = try await test.call(.post, "/api/workflows", body: "{\"name\": \"w\", \"jobs\": [\(job)]}").json
      let schedule = #"{"name": "s", "expression": "@daily", "kind": "echo", "limitKey": "acme"}"#
      let added = try await test.call(.post, "/api/schedules", body: schedule)
      #expect(added.json["limitKey"] == "acme", "\(added.text)")
      let run = try await test.call(.post, "/api/schedules/s/run").json
      for id in [batch?[0]?["id"], workflow["jobs"]?[0]?["id"], run["id"]] {
        let id = try #require(id?.stringValue)
        #expect(try await test.call(.get, "/api/jobs/\(id)").json["limitKey"] == "acme")
      }
      let long = String(repeating: "x", count: 201)
      let wrong = try await test.call(.post, "/api/jobs", body: "{\"kind\": \"echo\", \"limitKey\": \"\(long)\"}")
      #expect(wrong.status == 422 && wrong.errors.first?.hasPrefix("#/limitKey: must be a text of 1 to 200") == true)
      #expect(
        try await test.call(.patch, "/api/schedules/s", body: #"{"limitKey": 7}"#).detail.contains("#/limitKey"))
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `The API of kinds` {
  @Test func `pauses one for a time, says so, and resumes it`() async throws {
    let clock = TestClock()
    try await TestAPI.run(worker: false, clock: clock) { test in
      let id = try await test.post(#"{"kind": "echo"}"#)
      let end = (clock.now + .seconds(7200)).rfc3339
      let paused = try await test.call(
        .post, "/api/kinds/echo/pause", as: .operator, body: #"{"for": "2h", "reason": "the vendor is down"}"#)
      #expect(
        paused.json == [
          "kind": "echo", "paused": true, "pausedAt": .string(clock.now.rfc3339), "pausedBy": "token:operator",
          "pausedUntil": .string(end), "pauseReason": "the vendor is down",
        ], "\(paused.text)")
      let kinds = try await test.call(.get, "/api/kinds", as: .viewer).json["kinds"]?.arrayValue ?? []
      let echo = kinds.first { $0["kind"] == "echo" }
      #expect(echo?["paused"] == true && echo?["pauseReason"] == "the vendor is down")
      #expect(kinds.first { $0["kind"] == "fail" }?["paused"] == false)
      #expect(try await test.engine.runDueJobs() == 0)
      #expect(
        try await test.call(.get, "/api/jobs/\(id)").json["hold"] == [
          "reason": "kindPaused", "since": .string(clock.now.rfc3339), "until": .string(end), "by": "token:operator",
          "detail": "the vendor is down",
        ])
      #expect(try await test.call(.get, "/metrics").text.contains("nightshift_kind_paused{kind=\"echo\"} 1\n"))
      let resumed = try await test.call(.post, "/api/kinds/echo/resume", as: .operator)
      #expect(resumed.json == ["kind": "echo", "paused": false])
      #expect(try await test.call(.post, "/api/kinds/echo/resume").status == 200)
      #expect(try await test.engine.runDueJobs() == 1)
    }
  }

  @Test func `refuses a pause that makes no sense`() async throws {
    try await TestAPI.run(worker: false) { test in
      for (body, pointer) in [
        (#"{"for": "1h", "until": "2199-01-01T00:00:00Z"}"#, "#/for"),
        (#"{"until": "2020-01-01T00:00:00Z"}"#, "#/until"),
        (#"{"for": "0s"}"#, "#/for"), (#"{"raeson": "x"}"#, "#/raeson"), (#"{"reason": ""}"#, "#/reason"),
      ] {
        let answer = try await test.call(.post, "/api/kinds/echo/pause", body: body)
        #expect(answer.status == 422 && answer.errors.first?.hasPrefix(pointer + ": ") == true, "\(answer.text)")
      }
      for verb in ["pause", "resume"] {
        let unknown = try await test.call(.post, "/api/kinds/ehco/\(verb)")
        #expect(unknown.status == 404 && unknown.detail.contains("did you mean `echo`?"), "\(unknown.text)")
      }
      let kinds = try await test.call(.get, "/api/kinds").json["kinds"]?.arrayValue ?? []
      #expect(kinds.allSatisfy { $0["paused"] == false })
    }
  }
}
