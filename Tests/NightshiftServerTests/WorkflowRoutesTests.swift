import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `A posted workflow` {
  private static let diamond = """
    {"name": "report", "jobs": [
      {"ref": "fetch", "kind": "echo", "payload": 1},
      {"ref": "left", "kind": "echo", "payload": 2, "dependsOn": ["fetch"]},
      {"ref": "right", "kind": "echo", "payload": 3, "dependsOn": "fetch", "onDeath": "continue"},
      {"ref": "send", "kind": "echo", "payload": 4, "dependsOn": ["left", "right"], "onDeath": "hold"}],
     "callback": {"kind": "echo", "payload": 5, "when": "done"}}
    """

  @Test func `is accepted with the places to look for it, and runs`() async throws {
    try await TestAPI.run { test in
      let answer = try await test.call(.post, "/api/workflows", as: .member, body: Self.diamond)
      #expect(answer.status == 202, "\(answer.text)")
      let id = try #require(answer.json["id"]?.stringValue)
      #expect(id.hasPrefix("wfl_"))
      #expect(answer.headers[.location] == "/api/workflows/\(id)")
      let jobs = answer.json["jobs"]?.arrayValue ?? []
      #expect(jobs.compactMap { $0["ref"]?.stringValue } == ["fetch", "left", "right", "send", "callback"])
      let last = try #require(jobs.last?["id"]?.stringValue)
      #expect(try await test.end(of: last)?.summary.state == .completed)
      let shown = try await test.call(.get, "/api/workflows/\(id)", as: .viewer).json
      #expect(shown["state"] == "completed" && shown["counts"] == ["completed": 4])
      #expect(shown["edges"]?.arrayValue?.count == 8)
      let send = try #require(jobs[3]["id"]?.stringValue)
      let job = try await test.call(.get, "/api/jobs/\(send)").json
      #expect(job["workflow"] == ["id": .string(id), "name": "report", "ref": "send"])
      #expect(job["dependencies"]?.arrayValue?.compactMap { $0["ref"] } == ["left", "right"])
      #expect(job["dependantCount"] == 1)
      let list = try await test.call(.get, "/api/workflows?limit=1", as: .viewer).json
      #expect(list["workflows"]?.arrayValue?.first?["id"] == .string(id))
    }
  }

  @Test func `waits once for a job that is named twice`() async throws {
    try await TestAPI.run { test in
      let body = """
        {"name": "w", "jobs": [{"ref": "a", "kind": "echo"}, {"ref": "b", "kind": "echo", "dependsOn": ["a", "a"]}]}
        """
      let answer = try await test.call(.post, "/api/workflows", body: body)
      #expect(answer.status == 202, "\(answer.text)")
      let id = try #require(answer.json["jobs"]?[1]?["id"]?.stringValue)
      #expect(try await test.end(of: id)?.summary.state == .completed)
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["dependencyCount"] == 1)
    }
  }

  @Test func `is refused with all that is wrong, each at its place`() async throws {
    try await TestAPI.run(worker: false) { test in
      let cycle = """
        {"name": "w", "jobs": [{"ref": "a", "kind": "echo", "dependsOn": ["b"]},
          {"ref": "b", "kind": "echo", "dependsOn": ["a"]}]}
        """
      let refused = try await test.call(.post, "/api/workflows", body: cycle)
      #expect(refused.status == 422)
      #expect(
        refused.errors == [
          "#/jobs/0/dependsOn/0: closes a cycle, in which no job could ever begin: a → b → a"
        ])
      let double = #"{"name": "w", "jobs": [{"ref": "a", "kind": "echo"}, {"ref": "a", "kind": "echo"}]}"#
      #expect(
        try await test.call(.post, "/api/workflows", body: double).errors == [
          #"#/jobs/1/ref: "a" is the name of job 0 already: each needs its own"#
        ])
      let callback = """
        {"name": "w", "jobs": [{"kind": "echo"}], "callback": {"kind": "ehco", "when": "never", "dependsOn": ["a"]}}
        """
      let wrong = try await test.call(.post, "/api/workflows", body: callback).errors
      #expect(wrong.contains { $0.hasPrefix("#/callback/when: must be one of done, success, death") })
      #expect(wrong.contains { $0.hasPrefix("#/callback/dependsOn: is not for a callback") })
      let kind = #"{"name": "w", "jobs": [{"kind": "echo"}], "callback": {"kind": "ehco"}}"#
      let unknown = try await test.call(.post, "/api/workflows", body: kind).errors
      #expect(unknown.first?.hasPrefix("#/callback/kind: no worker has ever registered the kind `ehco`") == true)
      let empty = try await test.call(.post, "/api/workflows", body: #"{"jobs": []}"#).errors
      #expect(empty.contains { $0.hasPrefix("#/name: is missing") })
      #expect(empty.contains { $0 == "#/jobs: is empty: it must be an array of 1 to 5000 jobs" })
      let single = try await test.call(
        .post, "/api/jobs", body: #"{"kind": "echo", "dependsOn": ["job_0000000000001"]}"#)
      #expect(single.errors.first?.hasPrefix("#/dependsOn/0: there is no job job_0000000000001") == true)
    }
  }

  @Test func `is the same one for the same idempotency key`() async throws {
    try await TestAPI.run(worker: false) { test in
      let headers: HTTPFields = [.init("Idempotency-Key")!: "k"]
      let first = try await test.call(.post, "/api/workflows", headers: headers, body: Self.diamond)
      let second = try await test.call(.post, "/api/workflows", headers: headers, body: Self.diamond)
      #expect(second.status == 202 && second.json["id"] == first.json["id"])
      #expect(second.headers[.init("Idempotency-Replayed")!] == "true")
    }
  }

  @Test func `is cancelled by an operator, once`() async throws {
    try await TestAPI.run(worker: false) { test in
      let id = try await test.call(.post, "/api/workflows", body: Self.diamond).json["id"]?.stringValue ?? ""
      let answer = try await test.call(
        .post, "/api/workflows/\(id)/cancel", as: .operator, body: #"{"reason": "enough"}"#)
      #expect(answer.status == 202 && answer.json["count"] == 4, "\(answer.text)")
      let shown = try await test.call(.get, "/api/workflows/\(id)").json
      #expect(shown["state"] == "cancelled")
      #expect(shown["jobs"]?.arrayValue?.last?["state"] == "ready", "the callback is to be told")
      _ = try await test.call(.post, "/api/workflows/\(id)/cancel", as: .operator)
      #expect(try await test.call(.post, "/api/workflows/\(id)/cancel", as: .operator).status == 409)
      #expect(try await test.call(.get, "/api/workflows/wfl_0000000000001").status == 404)
    }
  }

  @Test func `lets a held job go on when an operator releases it`() async throws {
    try await TestAPI.run { test in
      let body = """
        {"jobs": [{"ref": "bad", "kind": "fail", "maxAttempts": 1},
          {"ref": "next", "kind": "echo", "dependsOn": ["bad"], "onDeath": "hold"}]}
        """
      let answer = try await test.call(.post, "/api/jobs/batch", body: body)
      let ids = (answer.json["jobs"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
      try #require(ids.count == 2, "\(answer.text)")
      #expect(try await test.end(of: ids[0])?.summary.state == .dead)
      let held = try await test.call(.get, "/api/jobs/\(ids[1])").json
      #expect(held["state"] == "blocked" && held["hold"]?["reason"] == "dependencyDied")
      #expect(try await test.call(.post, "/api/jobs/\(ids[0])/release", as: .operator).status == 409)
      #expect(try await test.call(.post, "/api/jobs/\(ids[1])/release", as: .operator).status == 202)
      #expect(try await test.end(of: ids[1])?.summary.state == .completed)
    }
  }

  @Test func `in a batch is not blamed for naming one that could not be read`() async throws {
    try await TestAPI.run(worker: false) { test in
      let body = """
        {"jobs": [{"ref": "a", "kind": "echo", "priority": "urgent"}, {"kind": "echo", "dependsOn": ["a"]}]}
        """
      let errors = try await test.call(.post, "/api/jobs/batch", body: body).errors
      #expect(errors.count == 1 && errors[0].hasPrefix("#/jobs/0/priority"), "\(errors)")
    }
  }
}
