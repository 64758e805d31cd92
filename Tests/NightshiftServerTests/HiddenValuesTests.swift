import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `Hidden values, wherever else they stand` {
  private static let forAdmins = Redaction(revealTo: .admin)
  private static let schedule =
    #"{"name": "sch", "expression": "@daily", "kind": "echo", "payload": {"password": "hunter2secretpw", "n": 1}}"#

  // MARK: Schedules

  @Test func `are not in exported schedules`() async throws {
    try await TestAPI.run(worker: false) { test in
      #expect(try await test.call(.post, "/api/schedules", body: Self.schedule).status == 201)
      let seen = try await test.call(.get, "/api/schedules/export", as: .viewer)
      #expect(seen.status == 200 && !seen.text.contains("hunter2secretpw") && seen.text.contains("[redacted]"))
      #expect(try await test.call(.get, "/api/schedules/export").text.contains("hunter2secretpw"))
    }
  }

  @Test func `are not in what differs from the schedules file`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.engine.declareSchedules([
        "sch": ["expression": "@daily", "kind": "echo", "payload": ["password": "declared-pw", "who": "anna"]]
      ])
      let edit = #"{"payload": {"password": "new-pw-33", "who": "ben"}}"#
      #expect(try await test.call(.patch, "/api/schedules/sch", body: edit).status == 200)
      for path in ["/schedules/sch", "/api/schedules/sch", "/api/schedules", "/api/schedules/export"] {
        let seen = try await test.page(path, as: .viewer)
        #expect(seen.status == 200 && seen.text.contains("[redacted]"), "\(path)")
        #expect(!seen.text.contains("declared-pw") && !seen.text.contains("new-pw-33"), "\(path)")
      }
      #expect(try await test.page("/schedules/sch").text.contains("declared-pw"))
    }
  }

  @Test func `are not in the form of a schedule, and stay when it is edited`() async throws {
    try await TestAPI.run(worker: false, configure: { $0.redaction = Self.forAdmins }) { test in
      #expect(try await test.call(.post, "/api/schedules", body: Self.schedule).status == 201)
      func payload() async throws -> JSONValue? {
        try await test.call(.get, "/api/schedules/sch").json["payload"]
      }
      let form = try await test.page("/schedules/sch/edit", as: .operator)
      #expect(form.status == 200 && !form.text.contains("hunter2secretpw") && form.text.contains("[redacted]"))
      let edit = #"{"payload": {"password": "[redacted]", "n": 2}}"#
      #expect(try await test.call(.patch, "/api/schedules/sch", as: .operator, body: edit).status == 200)
      #expect(try await payload() == ["password": "hunter2secretpw", "n": 2])
      let sent = try await test.send(
        "/schedules/sch/edit",
        ["expression": "@hourly", "kind": "echo", "payload": #"{"password": "[redacted]", "n": 3}"#], as: .operator)
      #expect(sent.status == 303)
      #expect(try await payload() == ["password": "hunter2secretpw", "n": 3])
      // Who is not shown a value may still set another one.
      let new = #"{"payload": {"password": "other-password"}}"#
      #expect(try await test.call(.patch, "/api/schedules/sch", as: .operator, body: new).status == 200)
      #expect(try await payload() == ["password": "other-password"])
    }
  }

  // MARK: Searches

  @Test func `cannot be found out by what an operation would do`() async throws {
    try await TestAPI.run(worker: false, configure: { $0.redaction = Self.forAdmins }) { test in
      let id = try await test.post(#"{"kind": "echo", "payload": {"password": "hunter2secret"}}"#)
      let guess = #"{"verb": "cancel", "filter": {"search": "hunter2secret"}}"#
      let begun = try await test.call(.post, "/api/operations", as: .operator, body: guess)
      #expect(begun.status == 202 && begun.json["total"] == 0, "\(begun.text)")
      let form = try await test.send(
        "/jobs/change", ["verb": "cancel", "filter": "search=hunter2secret", "confirmed": "yes"], as: .operator)
      #expect(form.status == 303)
      // What is written down of it is carried out as it was asked for.
      try await test.engine.workOffOperations()
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["state"] == "ready")
      for operation in try await test.engine.operations() {
        #expect(operation.state == .completed && operation.changed == 0 && operation.lookedAt == 0)
      }
      _ = try await test.call(.post, "/api/operations", body: guess)
      try await test.engine.workOffOperations()
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["state"] == "cancelled")
    }
  }

  @Test(arguments: ["search=%00zz", "search=\0zz"])
  func `are not chosen by a filter with a NUL, at which a database would cut it`(_ filter: String) async throws {
    try await TestAPI.run(worker: false) { test in
      let id = try await test.post(#"{"kind": "echo"}"#)
      let page = try await test.send("/jobs/change", ["verb": "cancel", "filter": filter, "confirmed": "yes"])
      #expect(page.status == 422, "\(page.text)")
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["state"] == "ready")
    }
  }

  // MARK: Limits, tags

  @Test(arguments: ["/password", "payload"])
  func `are not in the keys of limits`(_ place: String) async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.call(.put, "/api/limits/l", body: #"{"by": "\#(place)", "rate": "1/1h"}"#)
      var ids: [String] = []
      for _ in 0..<2 {
        ids.append(try await test.post(#"{"kind": "echo", "payload": {"password": "hunter2lane0"}}"#))
      }
      #expect(try await test.engine.runDueJobs() == 1)
      let seen = try await test.call(.get, "/api/limits/l", as: .viewer)
      #expect(seen.json["keys"]?[0]?["key"] == "[redacted]" && !seen.text.contains("hunter2lane0"), "\(seen.text)")
      #expect(seen.json["usedKeys"] == 1)
      let page = try await test.page("/limits/l", as: .viewer)
      #expect(page.status == 200 && !page.text.contains("hunter2lane0"))
      #expect(try await test.call(.get, "/api/limits/l").text.contains("hunter2lane0"))
      for id in ids {
        let job = try await test.call(.get, "/api/jobs/\(id)", as: .viewer)
        #expect(!job.text.contains("hunter2lane0"), "\(job.text)")
        #expect(try await !test.page("/jobs/\(id)", as: .viewer).text.contains("hunter2lane0"))
      }
    }
  }

  @Test func `are not in a job's tags and limit key`() async throws {
    try await TestAPI.run(worker: false) { test in
      let id = try await test.post(
        #"""
        {"kind": "echo", "payload": {"password": "hunter2pw"}, "limitKey": "k-hunter2pw",
          "tags": ["t-hunter2pw", "blue"]}
        """#)
      let job = try await test.call(.get, "/api/jobs/\(id)", as: .viewer).json
      #expect(job["limitKey"] == "k-[redacted]" && job["tags"] == ["t-[redacted]", "blue"])
      let list = try await test.call(.get, "/api/jobs", as: .viewer).json
      #expect(list["jobs"]?[0]?["tags"] == ["t-[redacted]", "blue"])
      for path in ["/jobs", "/jobs/\(id)"] {
        let page = try await test.page(path, as: .viewer)
        #expect(page.status == 200 && page.text.contains("blue") && !page.text.contains("hunter2pw"), "\(path)")
      }
      #expect(try await test.call(.get, "/api/jobs").json["jobs"]?[0]?["tags"] == ["t-hunter2pw", "blue"])
    }
  }

  // MARK: Free text

  @Test(arguments: [
    ("abcdTAILSECRET", ["abcd", "abcdTAILSECRET"], "[redacted]"),
    ("say abcd, abcdTAILSECRET.", ["abcd", "abcdTAILSECRET"], "say [redacted], [redacted]."),
    ("xabcdefx", ["abcd", "cdef"], "x[redacted]x"),
    ("abababax", ["abab"], "[redacted]ax"),
    ("abcde\u{301}", ["abcde"], "[redacted]\u{301}"),
    ("größe", ["größ"], "[redacted]e"),
    ("redacted", ["redacted"], "[redacted]"),
    ("nothing", ["else"], "nothing"),
    ("", ["else"], ""),
  ])
  func `are masked as a whole, also where they overlap`(_ text: String, _ hidden: [String], _ shown: String) {
    #expect(Redaction.masked(text, Set(hidden)) == shown)
  }

  @Test func `are masked line by line, and as JSON writes them`() async throws {
    try await TestAPI.run { test in
      try await test.engine.register("leak", payload: JSONValue.self) { payload, context -> Void in
        let secret = payload["password"]?.stringValue ?? ""
        for line in secret.split(separator: "\n") { context.log("line: \(line)") }
        context.log("sent \(JSONValue.object(["body": .string(secret)]))")
        throw PermanentFailure("401 for \(secret), or \(payload["secret"]?.stringValue ?? "")")
      }
      let body: JSONValue = [
        "kind": "leak",
        "payload": [
          "password": "line one\nline \"two\" hush", "secret": "line one\nline \"two\" hush and TAILSECRET",
        ],
      ]
      let id = try await test.post(body.description)
      _ = try await test.end(of: id)
      let pages = ["/jobs/\(id)", "/jobs/\(id)/logs"]
      for path in ["/api/jobs/\(id)", "/api/jobs/\(id)/logs", "/api/jobs/\(id)/events"] + pages {
        let shown = try await test.page(path, as: .viewer)
        #expect(shown.status == 200 && shown.text.contains("[redacted]"), "\(path)")
        for part in ["line one", "hush", "TAILSECRET"] {
          #expect(!shown.text.contains(part), "\(part) in \(path): \(shown.text)")
        }
      }
    }
  }
}
