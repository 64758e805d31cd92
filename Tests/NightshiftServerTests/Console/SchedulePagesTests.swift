import Foundation
import HTTPTypes
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftServer

@Suite struct `The pages of schedules` {
  private func add(_ test: TestAPI, _ name: String = "nightly", _ fields: JSONValue = [:]) async throws {
    let base: [String: JSONValue] = ["expression": "30 2 * * *", "zone": "Europe/Berlin", "kind": "echo"]
    let all = base.merging(fields.objectValue ?? [:]) { $1 }
    _ = try await test.engine.addSchedule(name, .object(all), by: .system)
  }

  @Test func `say in words when each fires, and show the day that is coming`() async throws {
    try await TestAPI.run(worker: false) { test in
      #expect(try await test.page("/schedules").text.contains("Nothing runs by the clock yet"))
      try await add(test)
      try await add(test, "often", ["expression": "every 90s"])
      let page = try await test.page("/schedules", as: .viewer)
      #expect(page.status == 200)
      #expect(page.text.contains("Every day at 02:30"))
      #expect(page.text.contains("Every 90 seconds"))
      #expect(page.text.contains("class=\"agenda-mark\""))
      #expect(page.text.contains("class=\"agenda-band\""))
      #expect(!page.text.contains("<form method=\"post\""))
      #expect(try await test.page("/schedules?search=oft").text.contains("href=\"/schedules/nightly\"") == false)
    }
  }

  @Test func `show the next times in two zones`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await add(test)
      let page = try await test.page("/schedules/nightly?zone=Asia/Tokyo", as: .viewer)
      #expect(page.status == 200)
      #expect(page.text.contains("Asia/Tokyo"))
      #expect(page.text.contains(", 02:30"))
      #expect(page.text.contains(", 10:30") || page.text.contains(", 09:30"))
      let cookie = try await test.page("/schedules/nightly", headers: [.cookie: "nightshift_zone=America%2FNew_York"])
      #expect(cookie.text.contains("America/New_York"))
      #expect(try await test.page("/schedules/nightly", headers: [.cookie: "nightshift_zone=%3Cb%3E"]).status == 200)
      #expect(try await test.page("/schedules/nightly?zone=Mars/Base").status == 422)
      #expect(try await test.page("/schedules/nobody").status == 404)
    }
  }

  @Test func `mark times that clocks skip or repeat`() async throws {
    let clock = TestClock(RFC3339.parse("2027-03-27T12:00:00Z")!)
    try await TestAPI.run(worker: false, clock: clock) { test in
      try await add(test)
      let page = try await test.page("/schedules/nightly")
      #expect(page.text.contains(">gap</span>"))
      #expect(page.text.contains("02:30 does not exist on this day"))
    }
  }

  @Test func `switch on and off, run and remove by forms`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await add(test)
      #expect(try await test.send("/schedules/nightly/disable", [:], as: .member).status == 403)
      #expect(try await test.send("/schedules/nightly/disable", [:], as: .operator).status == 303)
      #expect(try await test.engine.schedule("nightly")?.definition?.isEnabled == false)
      let back = try await test.send("/schedules/nightly/enable", ["return": "/schedules"], as: .operator)
      #expect(back.headers[.location] == "/schedules")
      #expect(try await test.engine.schedule("nightly")?.definition?.isEnabled == true)
      #expect(try await test.send("/schedules/nightly/run", [:], as: .operator).status == 303)
      let slot = try #require(try await test.engine.slots(of: "nightly", before: nil, limit: 5).first)
      #expect(slot.outcome == .manual)
      let page = try await test.page("/schedules/nightly", as: .viewer)
      #expect(page.text.contains("/jobs/\(slot.job!)"))
      #expect(!page.text.contains("<form method=\"post\""))
      #expect(try await test.send("/schedules/nightly/reset", [:]).status == 409)
      #expect(try await test.send("/schedules/nightly/remove", ["confirmed": "yes"]).status == 303)
      #expect(try await test.engine.schedule("nightly") == nil)
    }
  }

  @Test func `add one by a form, after showing what it would do`() async throws {
    try await TestAPI.run(worker: false) { test in
      #expect(try await test.page("/new-schedule", as: .member).status == 403)
      #expect(try await test.page("/new-schedule?kind=echo", as: .operator).text.contains("value=\"echo\""))
      let fields: KeyValuePairs = [
        "name": "weekly", "expression": "0 8 * * 1", "zone": "Europe/Berlin", "kind": "echo", "payload": "{\"n\": 1}",
        "catchUp": "last 5", "overlap": "skip", "tags": "a, b", "maxAttempts": "3", "verb": "preview",
      ]
      let preview = try await test.send("/new-schedule", fields, as: .operator)
      #expect(preview.status == 200)
      #expect(preview.text.contains("At 08:00 on Mondays"))
      #expect(preview.text.contains("Mon "))
      #expect(try await test.engine.schedule("weekly") == nil)
      let save = KeyValuePairs(
        dictionaryLiteral: ("verb", "save"), ("name", "weekly"), ("expression", "0 8 * * 1"),
        ("zone", "Europe/Berlin"), ("kind", "echo"), ("payload", "{\"n\": 1}"), ("catchUp", "last 5"),
        ("overlap", "skip"), ("tags", "a, b"), ("maxAttempts", "3"))
      let sent = try await test.send("/new-schedule", save, as: .operator)
      #expect(sent.status == 303)
      let definition = try await test.engine.schedule("weekly")?.definition
      #expect(definition?.catchUp == .last(5))
      #expect(definition?.overlap == .skip)
      #expect(definition?.options.tags == ["a", "b"])
      #expect(definition?.payload == ["n": 1])
    }
  }

  @Test func `refuse what cannot be, and keep what was typed`() async throws {
    try await TestAPI.run(worker: false) { test in
      let wrong = try await test.send(
        "/new-schedule", ["name": "x", "expression": "61 * * * *", "kind": "echo", "payload": "{}", "verb": "save"])
      #expect(wrong.status == 422)
      #expect(wrong.text.contains("value=\"61 * * * *\""))
      #expect(wrong.text.contains("minute"))
      let payload = try await test.send(
        "/new-schedule", ["name": "x", "expression": "@daily", "kind": "echo", "payload": "{<b>", "verb": "save"])
      #expect(payload.status == 422)
      #expect(payload.text.contains("{&lt;b&gt;"))
      #expect(!payload.text.contains("{<b>"))
      let kind = try await test.send(
        "/new-schedule", ["name": "x", "expression": "@daily", "kind": "ecko", "payload": "{}", "verb": "save"])
      #expect(kind.status == 422)
      #expect(try await test.engine.schedules().isEmpty)
    }
  }

  @Test func `edit one by a form, changing only what is different`() async throws {
    try await TestAPI.run(worker: false) { test in
      try await add(test, "nightly", ["description": "before", "timeout": "5m"])
      let form = try await test.page("/schedules/nightly/edit", as: .operator)
      #expect(form.status == 200)
      #expect(form.text.contains("value=\"30 2 * * *\""))
      #expect(form.text.contains("Every day at 02:30"))
      let sent = try await test.send(
        "/schedules/nightly/edit",
        [
          "expression": "0 3 * * *", "zone": "Europe/Berlin", "kind": "echo", "payload": "{}", "catchUp": "latest",
          "overlap": "allow", "description": "after", "timeout": "", "verb": "save",
        ], as: .operator)
      #expect(sent.status == 303)
      let record = try #require(try await test.engine.schedule("nightly")?.record)
      #expect(record.json["expression"] == "0 3 * * *")
      #expect(record.json["description"] == "after")
      #expect(record.json["timeout"] == nil)
      #expect(record.json["catchUp"] == nil)
    }
  }

  @Test func `have fields for the payload where the kind says what is in it`() async throws {
    try await TestAPI.run(worker: false) { test in
      func send(_ verb: String, _ order: String, kind: String = "send-receipt") async throws -> TestAnswer {
        try await test.send(
          "/new-schedule",
          [
            "name": "receipts", "expression": "@daily", "kind": kind, "payloadOf": "send-receipt",
            "f/orderID": order, "verb": verb,
          ], as: .operator)
      }
      let field = "name=\"f/orderID\""
      #expect(try await test.page("/new-schedule?kind=send-receipt", as: .operator).text.contains(field))
      let wrong = try await send("save", "0")
      #expect(wrong.status == 422)
      #expect(wrong.text.contains("\(field) value=\"0\""))
      let other = try await send("save", "7", kind: "echo")
      #expect(other.status == 422)
      #expect(!other.text.contains(field), "the fields are another kind's")
      #expect(try await send("json", "7").text.contains("&quot;orderID&quot;: 7"))
      #expect(try await test.engine.schedules().isEmpty)
      #expect(try await send("save", "7").status == 303)
      #expect(try await test.engine.schedule("receipts")?.definition?.payload == ["orderID": 7])
      let edit = try await test.page("/schedules/receipts/edit", as: .operator)
      #expect(edit.text.contains("\(field) value=\"7\""))
    }
  }

  @Test func `change from JSON to fields with what is typed`() async throws {
    try await TestAPI.run(worker: false) { test in
      let fields: KeyValuePairs = [
        "name": "receipts", "expression": "@daily", "kind": "send-receipt", "payload": "{\"orderID\": 9}",
        "verb": "fields",
      ]
      let page = try await test.send("/new-schedule", fields, as: .operator)
      #expect(page.status == 200)
      #expect(page.text.contains("name=\"f/orderID\" value=\"9\""))
      #expect(page.text.contains("value=\"receipts\""))
    }
  }
}
