import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `Over HTTP, the work of others` {
  /// Two members, and somebody of an organization.
  private struct People {
    let test: TestAPI
    let secrets: [String: String]

    func call(
      _ name: String, _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, prefer: String? = nil
    ) async throws -> TestAnswer {
      var headers: HTTPFields = [.authorization: "Bearer \(secrets[name]!)"]
      if let prefer { headers[HTTPField.Name("Prefer")!] = prefer }
      return try await test.call(method, path, as: nil, headers: headers, body: body)
    }
  }

  private func withPeople(worker: Bool = true, _ body: @escaping (People) async throws -> Void) async throws {
    try await TestAPI.run(worker: worker) { test in
      for name in ["acme", "globex"] { try await test.engine.addOrganization(name, title: nil, by: .system) }
      var secrets: [String: String] = [:]
      for (name, role, organization) in [
        ("mia", .member, nil), ("max", .member, nil), ("gil", .approver, "acme"), ("hal", .approver, "globex"),
      ] as [(String, Role, String?)] {
        secrets[name] = try await test.engine.createToken(
          name: name, role: role, expiresAt: nil, organization: organization, by: .system
        ).secret
      }
      try await body(People(test: test, secrets: secrets))
    }
  }

  @Test func `is not handed out to whoever comes with the same key`() async throws {
    try await withPeople { people in
      let body = #"{"kind": "echo", "payload": {"note": "R2"}, "unique": {"key": "R2", "for": "1h"}}"#
      let own = try await people.call("mia", .post, "/api/jobs", body)
      let id = try #require(own.json["id"]?.stringValue)
      _ = try await people.test.end(of: id)
      let foreign = try await people.call("max", .post, "/api/jobs", body, prefer: "wait=8")
      #expect(foreign.status == 200 && foreign.headers[.location] == nil)
      #expect(foreign.headers[HTTPField.Name("Preference-Applied")!] == nil)
      #expect(foreign.json == .object(["id": .string(id), "duplicate": true, "conflict": "kept"]), "\(foreign.text)")
      let known = try await people.call("mia", .post, "/api/jobs", body, prefer: "wait=8")
      #expect(known.status == 200 && known.json["result"]?["note"] == "R2")
    }
  }

  @Test func `is neither changed nor waited for by way of a key`() async throws {
    try await withPeople(worker: false) { people in
      let unique = #""unique": {"key": "W9"#
      let id = try #require(
        try await people.call("mia", .post, "/api/jobs", #"{"kind": "echo", "payload": 1, \#(unique)"}}"#)
          .json["id"]?.stringValue)
      let jobs = #"[{"ref": "a", "kind": "echo", \#(unique)"}}, {"ref": "b", "kind": "echo", "dependsOn": ["a"]}]"#
      for (path, body) in [
        ("/api/jobs", #"{"kind": "echo", "payload": 2, \#(unique)", "onConflict": "replace"}}"#),
        ("/api/jobs/batch", #"{"jobs": \#(jobs)}"#),
        ("/api/workflows", #"{"name": "w", "jobs": \#(jobs)}"#),
      ] {
        let refused = try await people.call("max", .post, path, body)
        #expect(refused.status == 409 && refused.json["code"] == "key_held", "\(refused.text)")
        #expect(refused.detail.contains("\"W9\"") && !refused.text.contains(id))
      }
      #expect(try await people.test.call(.get, "/api/jobs/\(id)").json["payload"] == 1)
      #expect(try await people.call("max", .get, "/api/jobs").json["jobs"] == [])
    }
  }

  @Test func `is not told from what nobody has, where a job would wait for it`() async throws {
    try await withPeople(worker: false) { people in
      let foreign = try await people.test.post(#"{"kind": "echo", "organization": "acme"}"#)
      let nobodys = "job_0000000000001"
      for name in ["hal", "max"] {
        for (path, before, after) in [
          ("/api/jobs", "", ""), ("/api/jobs/batch", #"{"jobs": [{"kind": "nosuch"}, "#, "]}"),
          ("/api/workflows", #"{"name": "w", "jobs": ["#, "]}"),
        ] {
          func refusal(_ id: String) async throws -> [String] {
            let job = #"{"kind": "echo", "priority": "low", "dependsOn": ["\#(id)"]}"#
            let answer = try await people.call(name, .post, path, before + job + after)
            #expect(answer.status == 422)
            return answer.errors.map { $0.replacing(id, with: "ID") }
          }
          let errors = try await refusal(foreign)
          #expect(try await refusal(nobodys) == errors)
          #expect(errors.contains { $0.contains("there is no job ID: it may have been discarded") }, "\(errors)")
        }
      }
    }
  }

  @Test func `is not counted through in lists of workflows`() async throws {
    try await withPeople(worker: false) { people in
      func add(_ name: String, _ organization: String?) async throws -> String? {
        let owner = organization.map { #", "organization": "\#($0)""# } ?? ""
        return try await people.test.call(
          .post, "/api/workflows", as: .operator,
          body: #"{"name": "\#(name)", "jobs": [{"kind": "echo"\#(owner)}, {"kind": "echo"\#(owner)}]}"#
        ).json["id"]?.stringValue
      }
      let first = try #require(try await add("first", "globex"))
      for _ in 0..<3 { _ = try await add("foreign", "acme") }
      let second = try #require(try await add("second", "globex"))
      _ = try await add("nobody's", nil)
      let mixed = #"{"name": "m", "jobs": [{"kind": "echo", "organization": "globex"}, {"kind": "echo"}]}"#
      #expect(try await people.test.call(.post, "/api/workflows", as: .operator, body: mixed).status == 202)

      let page = try await people.call("hal", .get, "/api/workflows?limit=1")
      #expect(page.json["workflows"]?.arrayValue?.map { $0["id"]?.stringValue } == [second], "\(page.text)")
      #expect(page.json["next"]?.stringValue == second)
      let last = try await people.call("hal", .get, "/api/workflows?limit=1&cursor=\(second)")
      #expect(last.json["workflows"]?.arrayValue?.map { $0["id"]?.stringValue } == [first])
      #expect(last.json["next"] == nil)
      #expect(try await people.call("mia", .get, "/api/workflows?limit=1").json == ["workflows": []])
      let console = try await people.call("hal", .get, "/workflows")
      #expect(console.text.contains(second) && console.text.contains(first) && !console.text.contains("foreign"))
    }
  }

  @Test func `is not added to by somebody without an organization`() async throws {
    try await withPeople(worker: false) { people in
      for name in ["acme", "nosuch"] {
        let refused = try await people.call("mia", .post, "/api/jobs", #"{"kind": "echo", "organization": "\#(name)"}"#)
        #expect(refused.status == 422 && refused.errors.first?.hasPrefix("#/organization: must be left out") == true)
      }
      let unknown = try await people.test.call(
        .post, "/api/jobs", as: .operator, body: #"{"kind": "echo", "organization": "nosuch"}"#)
      #expect(unknown.status == 422 && unknown.errors.first?.contains("`nightshift organizations` lists them") == true)
      let batch = try await people.test.call(
        .post, "/api/jobs/batch", as: .operator,
        body: #"{"jobs": [{"kind": "echo"}, {"kind": "echo", "organization": "nosuch"}]}"#)
      #expect(batch.status == 422 && batch.errors.first?.hasPrefix("#/jobs/1/organization") == true)
      let known = try await people.test.call(
        .post, "/api/jobs", as: .operator, body: #"{"kind": "echo", "organization": "acme"}"#)
      #expect(known.status == 202)
      #expect(try await people.test.call(.delete, "/api/organizations/acme").status == 409)
    }
  }

  @Test func `is not approved beforehand by another organization`() async throws {
    try await withPeople { people in
      try await people.test.engine.register("ask", payload: Int.self) { _, context -> String? in
        try await context.approval("send", title: "Send?").by
      }
      func ask(_ organization: String) async throws -> JobID {
        let body = #"{"kind": "ask", "payload": 1, "organization": "\#(organization)"}"#
        let id = try #require(JobID(try await people.test.post(body)))
        let events = try await people.test.engine.listen(EventFilter(job: id))
        if try await people.test.engine.job(id)?.summary.state == .waiting { return id }
        for try await delivery in events {
          guard case .event(_, let event) = delivery, case .state(let state, _) = event.body else { continue }
          if state == .waiting || state.isTerminal { break }
        }
        return id
      }
      let first = try await ask("acme")
      let asked = try await people.call("gil", .get, "/api/jobs/\(first)/checkpoints").json["checkpoints"]
      let id = try #require(asked?.arrayValue?.first?["id"]?.stringValue)
      let approved = try await people.call(
        "gil", .post, "/api/checkpoints/\(id)/approve", #"{"remember": {"scope": "kind"}}"#)
      #expect(approved.status == 200)
      #expect(try await people.test.engine.job(try await ask("globex"))?.summary.state == .waiting)
      let own = try await people.call("gil", .get, "/api/grants").json["grants"]?.arrayValue ?? []
      #expect(own.count == 1 && own[0]["organization"] == "acme")
      for name in ["hal", "mia"] {
        #expect(try await people.call(name, .get, "/api/grants").json["grants"] == [])
        #expect(try await people.call(name, .delete, "/api/grants/\(own[0]["id"]!.stringValue!)").status == 404)
      }
    }
  }

  @Test func `is counted and not named where it waits for one's own`() async throws {
    try await withPeople(worker: false) { people in
      let own = try #require(
        try await people.call("mia", .post, "/api/jobs", #"{"kind": "echo"}"#).json["id"]?.stringValue)
      let foreign = try await people.test.call(
        .post, "/api/jobs", as: .operator, body: #"{"kind": "echo", "dependsOn": ["\#(own)"]}"#)
      let id = try #require(foreign.json["id"]?.stringValue)
      let seen = try await people.call("mia", .get, "/api/jobs/\(own)")
      #expect(seen.json["dependants"] == nil && seen.json["dependantCount"] == 1 && !seen.text.contains(id))
      let all = try await people.test.call(.get, "/api/jobs/\(own)")
      #expect(all.json["dependants"]?.arrayValue?.map { $0["id"]?.stringValue } == [id])
    }
  }

  @Test(arguments: [" ", "a\\nb", "a/b"])
  func `is not done under a name that cannot be told apart`(_ name: String) async throws {
    try await TestAPI.run(worker: false) { test in
      let token = try await test.call(.post, "/api/tokens", body: #"{"name": "\#(name)", "role": "member"}"#)
      #expect(token.status == 422 && token.errors.first?.hasPrefix("#/name: must be 1 to 100") == true, "\(token.text)")
      let user = try await test.call(.post, "/api/users", body: #"{"name": "nobody", "role": "member"}"#)
      #expect(user.status == 422 && user.errors.first?.hasPrefix("#/name: must not be") == true)
    }
  }
}
