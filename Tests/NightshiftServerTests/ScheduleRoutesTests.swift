import HTTPTypes
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `The API of schedules` {
  private static let body =
    #"{"name": "nightly", "expression": "30 2 * * *", "zone": "Europe/Berlin", "kind": "echo", "payload": {"a": 1}}"#

  @Test func `adds, shows, edits, switches and removes one`() async throws {
    try await TestAPI.run(worker: false, clock: TestClock()) { test in
      let added = try await test.call(.post, "/api/schedules", as: .operator, body: Self.body)
      #expect(added.status == 201 && added.headers[.location] == "/api/schedules/nightly")
      #expect(added.json["nextAt"] == "2026-01-02T01:30:00.000Z" && added.json["source"] == "api")
      let path = "/api/schedules/nightly"
      let edited = try await test.call(.patch, path, body: #"{"expression": "@hourly", "queue": "q"}"#).json
      #expect(edited["expression"] == "@hourly" && edited["queue"] == "q" && edited["payload"] == ["a": 1])
      #expect(try await test.call(.patch, path, body: #"{"queue": null}"#).json["queue"] == nil)
      #expect(try await test.call(.post, path + "/disable").json["enabled"] == false)
      let off = try await test.call(.get, path).json
      #expect(off["nextAt"] == .null && off["enabled"] == false)
      #expect(try await test.call(.post, path + "/enable").json["enabled"] == true)
      #expect(try await test.call(.post, path + "/reset").status == 409)
      let list = try await test.call(.get, "/api/schedules?search=night").json
      #expect(list["schedules"]?.arrayValue?.count == 1 && list["next"] == .null)
      #expect(try await test.call(.post, "/api/schedules", body: Self.body).status == 409)
      #expect(try await test.call(.delete, path).status == 204)
      #expect(try await test.call(.get, path).status == 404)
    }
  }

  @Test func `gives its list in pages`() async throws {
    try await TestAPI.run(worker: false) { test in
      for name in ["a", "b", "c"] {
        let body = "{\"name\": \"\(name)\", \"expression\": \"@daily\", \"kind\": \"echo\"}"
        #expect(try await test.call(.post, "/api/schedules", body: body).status == 201)
      }
      let first = try await test.call(.get, "/api/schedules?limit=2").json
      #expect(first["next"] == "b")
      let second = try await test.call(.get, "/api/schedules?limit=2&after=b").json
      #expect(second["schedules"]?[0]?["name"] == "c" && second["next"] == .null)
    }
  }

  @Test func `says what is wrong with each field`() async throws {
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(
        .post, "/api/schedules", body: #"{"name": "x", "expression": "* 25 * * *", "knid": "echo", "overlap": 1}"#)
      #expect(answer.status == 422)
      let pointers = answer.json["errors"]?.arrayValue?.compactMap { $0["pointer"]?.stringValue } ?? []
      #expect(Set(pointers) == ["#/expression", "#/kind", "#/knid", "#/overlap"])
      let unknown = try await test.call(
        .post, "/api/schedules", body: #"{"name": "x", "expression": "@daily", "kind": "ehco"}"#)
      #expect(unknown.status == 422 && unknown.detail.contains("did you mean `echo`?"))
      let unnamed = try await test.call(.post, "/api/schedules", body: #"{"expression": "@daily", "kind": "echo"}"#)
      #expect(unnamed.detail.contains("#/name is missing"))
      let nameless = try await test.call(
        .post, "/api/schedules", body: #"{"name": "export", "expression": "@daily", "kind": "echo"}"#)
      #expect(nameless.status == 422 && nameless.detail.contains("not `preview` or `export`"))
    }
  }

  @Test func `previews an expression and a schedule, in any zone`() async throws {
    try await TestAPI.run(worker: false) { test in
      let range = "from=2027-03-27T12:00:00Z&count=2"
      let times = try await test.call(
        .get, "/api/schedules/preview?expression=30+2+*+*+*&zone=Europe/Berlin&\(range)", as: .viewer
      ).json["times"]
      #expect(times?[0]?["utc"] == "2027-03-28T01:00:00Z" && times?[0]?["local"] == "2027-03-28T03:00:00+02:00")
      #expect(times?[0]?["note"]?.stringValue?.hasPrefix("gap: 02:30 does not exist") == true)
      #expect(times?[1]?["note"] == .null && times?.arrayValue?.count == 2)
      _ = try await test.call(.post, "/api/schedules", body: Self.body)
      let tokyo = try await test.call(.get, "/api/schedules/nightly/preview?zone=Asia/Tokyo&\(range)").json["times"]
      #expect(tokyo?[0]?["utc"] == "2027-03-28T01:00:00Z" && tokyo?[0]?["local"] == "2027-03-28T10:00:00+09:00")
      let wrong = try await test.call(.get, "/api/schedules/preview?expression=61+2+*+*+*&zone=Mars/Phobos")
      #expect(wrong.status == 422)
      #expect(wrong.json["errors"]?.arrayValue?.compactMap { $0["parameter"]?.stringValue } == ["zone", "expression"])
      #expect(try await test.call(.get, "/api/schedules/preview").status == 422)
      func refused(_ target: String) async throws -> [String] {
        let answer = try await test.call(.get, target)
        #expect(answer.status == 422)
        return answer.json["errors"]?.arrayValue?.compactMap { $0["parameter"]?.stringValue } ?? []
      }
      let all = "zone=Mars/Phobos&count=0&from=yesterday"
      #expect(
        try await refused("/api/schedules/preview?expression=61+2+*+*+*&\(all)") == [
          "count", "from", "zone", "expression",
        ])
      #expect(try await refused("/api/schedules/preview?\(all)") == ["count", "from", "expression", "zone"])
      #expect(try await refused("/api/schedules/nightly/preview?\(all)") == ["zone", "count", "from"])
    }
  }

  @Test func `runs one by hand, and waits for its result where that is preferred`() async throws {
    try await TestAPI.run { test in
      _ = try await test.call(.post, "/api/schedules", body: Self.body)
      let accepted = try await test.call(.post, "/api/schedules/nightly/run")
      #expect(accepted.status == 202)
      #expect(accepted.json["statusUrl"]?.stringValue == accepted.headers[.location])
      let done = try await test.call(
        .post, "/api/schedules/nightly/run", headers: [.prefer: "wait=30"])
      #expect(done.status == 200 && done.json["state"] == "completed")
      let history = try await test.call(.get, "/api/schedules/nightly/history?limit=1").json
      #expect(history["slots"]?[0]?["outcome"] == "manual" && history["slots"]?[0]?["job"] == done.json["id"])
      #expect(history["next"]?.stringValue != nil)
      #expect(try await test.call(.post, "/api/schedules/nothing/run").status == 404)
    }
  }

  @Test func `exports what a file can declare`() async throws {
    try await TestAPI.run(worker: false) { test in
      #expect(try await test.call(.get, "/api/schedules/export").text.hasSuffix("schedules: {}\n"))
      _ = try await test.call(.post, "/api/schedules", body: Self.body)
      let text = try await test.call(.get, "/api/schedules/export").text
      #expect(
        text.hasSuffix(
          """
          schedules:
            "nightly":
              expression: "30 2 * * *"
              zone: "Europe/Berlin"
              kind: "echo"
              payload: {"a":1}

          """))
    }
  }
}
