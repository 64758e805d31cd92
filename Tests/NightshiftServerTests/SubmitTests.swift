import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `A posted job` {
  @Test func `is accepted with the places to look for it`() async throws {
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(
        .post, "/api/jobs", as: .operator,
        headers: [.traceContext: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
        body: """
          {"kind": "echo", "payload": {"a": [1, 2.5, "ü"]}, "queue": "mail", "priority": "high", "delay": "1h30m",
           "maxAttempts": 2, "timeout": "30s", "tags": ["a", "b"], "organization": "acme"}
          """)
      #expect(answer.status == 202)
      let id = try #require(answer.json["id"]?.stringValue)
      #expect(answer.headers[.location] == "/api/jobs/\(id)")
      #expect(answer.json["state"] == "scheduled")
      #expect(answer.json["statusUrl"] == .string("/api/jobs/\(id)"))
      #expect(answer.json["liveUrl"] == .string("/api/jobs/\(id)/events"))
      let job = try await test.call(.get, "/api/jobs/\(id)").json
      #expect(job["payload"] == ["a": [1, 2.5, "ü"]])
      #expect(job["queue"] == "mail")
      #expect(job["priority"] == "high")
      #expect(job["maxAttempts"] == 2)
      #expect(job["timeout"] == "30s")
      #expect(job["tags"] == ["a", "b"])
      #expect(job["organization"] == "acme")
      #expect(job["owner"] == "token:operator")
      #expect(job["traceparent"] == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    }
  }

  @Test func `with a key that is held gives the job that holds it`() async throws {
    try await TestAPI.run(worker: false) { test in
      let body = #"{"kind":"echo","unique":{"key":"k","for":"1h"}}"#
      let first = try await test.call(.post, "/api/jobs", body: body)
      let second = try await test.call(.post, "/api/jobs", body: body)
      #expect(first.status == 202)
      #expect(first.json["duplicate"] == nil)
      #expect(second.status == 200)
      #expect(second.json["duplicate"] == true)
      #expect(second.json["id"] == first.json["id"])
    }
  }

  static let conflicts: [(wanted: String, isRunning: Bool, conflict: JSONValue)] = [
    ("drop", false, "kept"), ("replace", false, "replaced"), ("extend", false, "extended"), ("replace", true, "kept"),
    ("extend", true, "kept"),
  ]

  @Test(arguments: conflicts.indices)
  func `with a key that is held tells what became of the job that holds it`(_ index: Int) async throws {
    let (wanted, isRunning, conflict) = Self.conflicts[index]
    try await TestAPI.run(worker: isRunning) { test in
      let delay = isRunning ? "0s" : "1h"
      func body(_ number: Int) -> String {
        #"{"kind":"wait","payload":\#(number),"delay":"\#(delay)","unique":{"key":"k","onConflict":"\#(wanted)"}}"#
      }
      let id = try await test.post(body(1))
      if isRunning { try await test.begin(of: id) }
      let second = try await test.call(.post, "/api/jobs", headers: [.idempotencyKey: "a"], body: body(2))
      #expect(second.status == 200)
      #expect(second.json["duplicate"] == true)
      #expect(second.json["conflict"] == conflict)
      #expect(second.json["state"] == (isRunning ? "running" : "scheduled"))
      let payload = try await test.call(.get, "/api/jobs/\(id)").json["payload"]
      #expect(payload == (conflict == "replaced" ? 2 : 1))
      let replay = try await test.call(.post, "/api/jobs", headers: [.idempotencyKey: "a"], body: body(2))
      #expect(replay.json["conflict"] == nil, "nothing has become of anything this time")
    }
  }

  @Test func `is gathered in by one that waits for quiet`() async throws {
    try await TestAPI.run(worker: false) { test in
      func body(_ number: Int, _ keep: String) -> String {
        #"{"kind":"echo","payload":\#(number),"debounce":{"key":"\#(keep)","quiet":"1h","keep":"\#(keep)"}}"#
      }
      for (keep, conflict, payload) in [("last", "replaced", 2), ("first", "extended", 1)] as [(String, String, Int64)]
      {
        let first = try await test.call(.post, "/api/jobs", body: body(1, keep))
        #expect(first.status == 202 && first.json["state"] == "scheduled")
        let second = try await test.call(.post, "/api/jobs", body: body(2, keep))
        #expect(second.status == 200 && second.json["duplicate"] == true)
        #expect(second.json["id"] == first.json["id"] && second.json["conflict"] == .string(conflict))
        let id = try #require(first.json["id"]?.stringValue)
        #expect(try await test.call(.get, "/api/jobs/\(id)").json["payload"] == .integer(payload))
      }
    }
  }

  @Test func `beyond a throttle is left out, or put off`() async throws {
    try await TestAPI.run(worker: false) { test in
      func body(_ excess: String) -> String {
        #"{"kind":"echo","throttle":{"key":"k","limit":2,"per":"1h","excess":"\#(excess)"}}"#
      }
      let jobs = Array(repeating: body("drop"), count: 3).joined(separator: ",")
      let batch = try await test.call(.post, "/api/jobs/batch", body: #"{"jobs":[\#(jobs)]}"#)
      #expect(batch.json["jobs"]?[1]?["duplicate"] == nil)
      #expect(batch.json["jobs"]?[2]?["duplicate"] == true && batch.json["jobs"]?[2]?["conflict"] == "kept")
      #expect(batch.json["jobs"]?[2]?["id"] == batch.json["jobs"]?[0]?["id"])
      let later = try await test.call(.post, "/api/jobs", body: body("later"))
      #expect(later.status == 202 && later.json["state"] == "scheduled")
    }
  }

  @Test func `is stored once however often it is sent with the same Idempotency-Key`() async throws {
    try await TestAPI.run(worker: false) { test in
      let body = #"{"kind":"echo","payload":{"n":1}}"#
      let first = try await test.call(.post, "/api/jobs", headers: [.idempotencyKey: "\"abc\""], body: body)
      let again = try await test.call(.post, "/api/jobs", headers: [.idempotencyKey: "abc"], body: body)
      let other = try await test.call(
        .post, "/api/jobs", headers: [.idempotencyKey: "abc"], body: #"{"kind":"echo","payload":{"n":2}}"#)
      #expect(first.status == 202)
      #expect(first.headers[.idempotencyReplayed] == nil)
      #expect(again.status == 202)
      #expect(again.body == first.body)
      #expect(again.headers[.idempotencyReplayed] == "true")
      #expect(other.status == 422)
      #expect(other.json["code"] == "idempotency_key_reused")
      let somebodyElse = try await test.call(
        .post, "/api/jobs", as: .member, headers: [.idempotencyKey: "abc"], body: body)
      #expect(somebodyElse.json["id"] != first.json["id"], "keys belong to their caller")
      #expect(try await test.engine.jobs(JobFilter()).jobs.count == 2)
    }
  }

  @Test func `can be waited for`() async throws {
    try await TestAPI.run { test in
      let answer = try await test.call(
        .post, "/api/jobs", headers: [.prefer: "respond-async, wait=30"],
        body: #"{"kind":"echo","payload":{"n":1}}"#)
      #expect(answer.status == 200)
      #expect(answer.headers[.preferenceApplied] == "wait=30")
      #expect(answer.json["state"] == "completed")
      #expect(answer.json["result"] == ["n": 1])
      let late = try await test.call(
        .post, "/api/jobs", headers: [.prefer: "wait=1"], body: #"{"kind":"echo","delay":"1h"}"#)
      #expect(late.status == 202)
      #expect(late.headers[.preferenceApplied] == "wait=1")
    }
  }

  @Test func `in a batch is stored with all others`() async throws {
    try await TestAPI.run(worker: false) { test in
      let jobs = (0..<1000).map { #"{"kind":"echo","payload":{"n":\#($0)}}"# }.joined(separator: ",")
      let answer = try await test.call(
        .post, "/api/jobs/batch", headers: [.idempotencyKey: "b"], body: #"{"jobs":[\#(jobs)]}"#)
      #expect(answer.status == 202)
      #expect(answer.json["count"] == 1000)
      #expect(Set(answer.json["jobs"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []).count == 1000)
      let again = try await test.call(
        .post, "/api/jobs/batch", headers: [.idempotencyKey: "b"], body: #"{"jobs":[\#(jobs)]}"#)
      #expect(again.headers[.idempotencyReplayed] == "true")
      #expect(again.json["jobs"] == answer.json["jobs"])
    }
  }

  @Test func `in a batch is refused with every fault of every other`() async throws {
    try await TestAPI.run(worker: false) { test in
      let jobs = #"[{"kind":"echo","payload":{}},{"kind":"ecco"},{"kind":"echo","tags":[""]},{"foo":1}]"#
      let answer = try await test.call(.post, "/api/jobs/batch", body: #"{"jobs":\#(jobs)}"#)
      #expect(answer.status == 422)
      let pointers = answer.json["errors"]?.arrayValue?.compactMap { $0["pointer"]?.stringValue } ?? []
      #expect(pointers.contains("#/jobs/1/kind"))
      #expect(pointers.contains("#/jobs/2/tags/0"))
      #expect(pointers.contains("#/jobs/3/foo"))
      #expect(!pointers.contains { $0.hasPrefix("#/jobs/0") })
      #expect(try await test.engine.jobs(JobFilter()).jobs.isEmpty)
    }
  }

  @Test func `takes the caller's request id over when it is harmless`() async throws {
    try await TestAPI.run(worker: false) { test in
      let good = try await test.call(.get, "/healthz", headers: [RequestIdentifier.field: "abc-1.2_3"])
      #expect(good.headers[RequestIdentifier.field] == "abc-1.2_3")
      let bad = try await test.call(.get, "/healthz", headers: [RequestIdentifier.field: "a b\"c"])
      #expect(bad.headers[RequestIdentifier.field]?.count == 36)
    }
  }
}
