import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `What one organization is not told of others` {
  @Test func `counts their running jobs and does not name them`() async throws {
    try await TestAPI.run { test in
      let acme = try await test.header(.viewer, of: "acme")
      _ = try await test.header(.viewer, of: "globex")
      let job = #"{"kind": "wait", "organization": "globex", "owner": "token:admin", "tags": ["globex-tag"]}"#
      let id = try await test.post(job)
      try await test.begin(of: id)
      let all = try await test.call(.get, "/api/workers").json["workers"]?[0]
      #expect(all?["running"]?[0]?["id"]?.stringValue == id && all?["runningCount"] == 1)
      let member = try await test.call(.get, "/api/workers", as: .member)
      let other = try await test.call(.get, "/api/workers", as: nil, headers: acme)
      for seen in [member, other] {
        #expect(seen.json["workers"]?[0]?["running"] == [] && seen.json["workers"]?[0]?["runningCount"] == 1)
        #expect(!seen.text.contains(id) && !seen.text.contains("globex"), "\(seen.text)")
      }
      let viewer = try await test.call(.get, "/api/workers", as: .viewer).json["workers"]?[0]
      #expect(viewer?["running"]?[0]?["tags"] == ["globex-tag"])
    }
  }

  @Test func `does not name whom a limit counts, on page and API`() async throws {
    try await TestAPI.run(worker: false) { test in
      let acme = try await test.header(.viewer, of: "acme")
      _ = try await test.header(.viewer, of: "globex")
      _ = try await test.call(.put, "/api/limits/per", body: #"{"by": "/customer", "rate": "1/1h"}"#)
      for _ in 0..<2 {
        _ = try await test.post(
          #"{"kind": "echo", "organization": "globex", "payload": {"customer": "globex-customer-9"}}"#)
      }
      #expect(try await test.engine.runDueJobs() == 1)
      #expect(try await test.call(.get, "/api/limits/per", as: .viewer).text.contains("globex-customer-9"))
      #expect(try await test.page("/limits/per", as: .viewer).text.contains("globex-customer-9"))
      let seen = try await test.call(.get, "/api/limits/per", as: nil, headers: acme)
      #expect(seen.json["keys"]?[0]?["key"] == "[redacted]" && seen.json["usedKeys"] == 1, "\(seen.text)")
      let page = try await test.page("/limits/per", as: nil, headers: acme)
      for (name, text) in [("API", seen.text), ("page", page.text)] {
        #expect(!text.contains("globex-customer-9"), "\(name)")
      }
      #expect(page.status == 200)
    }
  }

  @Test func `does not say which jobs were slow`() async throws {
    try await TestAPI.run { test in
      let acme = try await test.header(.viewer, of: "acme")
      let id = try await test.post(#"{"kind": "echo"}"#)
      _ = try await test.end(of: id)
      await test.engine.flushProfile()
      #expect(try await test.call(.get, "/api/profile", as: .viewer).text.contains(id))
      let seen = try await test.call(.get, "/api/profile", as: nil, headers: acme)
      #expect(seen.status == 200 && !seen.text.contains(id), "\(seen.text)")
      #expect(seen.json["kinds"]?[0]?["slowest"] == [])
    }
  }

  @Test func `keeps its schedules to itself, and tells of those of all only when they fire`() async throws {
    try await TestAPI.run(worker: false) { test in
      let acme = try await test.header(.viewer, of: "acme")
      _ = try await test.header(.viewer, of: "globex")
      for (name, organization) in [("own", "acme"), ("other", "globex"), ("shared", nil)] {
        var fields: [String: JSONValue] = [
          "expression": "@daily", "kind": "echo", "payload": ["customer": .string("\(name)-customer")],
          "tags": [.string("\(name)-tag")],
        ]
        fields["organization"] = organization.map { .string($0) }
        _ = try await test.engine.addSchedule(name, .object(fields), by: .system)
        _ = try await test.engine.runSchedule(name, by: .system)
      }
      func look(_ path: String) async throws -> TestAnswer {
        try await test.call(.get, path, as: nil, headers: acme)
      }
      let list = try await look("/api/schedules").json["schedules"]?.arrayValue ?? []
      #expect(list.compactMap { $0["name"]?.stringValue } == ["own", "shared"])
      #expect(try await look("/api/schedules?limit=1").json["next"] == "own")
      for path in ["/api/schedules/other", "/api/schedules/other/preview", "/api/schedules/other/history"] {
        #expect(try await look(path).status == 404, "\(path)")
      }
      #expect(try await look("/api/schedules/own").json["payload"] == ["customer": "own-customer"])
      #expect(try await look("/api/schedules/own/history").json["slots"]?[0]?["job"] != nil)
      let slot = try #require(try await look("/api/schedules/shared/history").json["slots"]?[0])
      #expect(slot["outcome"] == "manual" && slot["job"] == nil && slot["state"] == nil)
      #expect(try await test.page("/schedules/other", as: nil, headers: acme).status == 404)
      let whole = ["/api/schedules", "/api/schedules/export", "/api/schedules/shared"]
      for path in whole + ["/schedules", "/schedules/shared", "/schedules/own", "/console/places"] {
        let text = try await test.page(path, as: nil, headers: acme).text
        for hidden in ["shared-customer", "shared-tag", "other"] {
          #expect(!text.contains(hidden), "\(path) tells of \(hidden)")
        }
      }
      #expect(try await test.call(.get, "/api/schedules/shared", as: .viewer).text.contains("shared-customer"))
    }
  }
}
