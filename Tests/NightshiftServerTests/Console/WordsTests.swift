import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `The words of the console` {
  @Test func `name all that is wrong with a new schedule at once`() async throws {
    try await TestAPI.run(worker: false) { test in
      let wrong = try await test.send(
        "/new-schedule", ["expression": "61 * * * *", "kind": "echo", "payload": "{", "verb": "save"])
      #expect(wrong.status == 422)
      for field in ["name: ", "payload: ", "expression: "] {
        #expect(wrong.text.contains("<p>\(field)"), "\(field)")
      }
    }
  }

  @Test func `say once what is wrong, and without backticks`() async throws {
    try await TestAPI.run(worker: false) { test in
      let wrong = try await test.page("/approvals?show=later")
      #expect(wrong.status == 422)
      let main = try #require(wrong.text.firstMatch(of: /(?s)<main.*<\/main>/)).output
      #expect(!main.contains("`"))
      #expect(main.matches(of: /must be/).count == 1)
      #expect(try await !test.page("/no-such-page").text.contains("openapi.yaml"))
    }
    #expect("`a` or `b`".withQuotedNames == "“a” or “b”")
    #expect("it's a ` alone".withQuotedNames == "it's a ` alone")
  }

  @Test func `tell in the audit log what was and what is`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.call(.put, "/api/limits/mail", body: #"{"queues": ["mail"], "concurrency": 2}"#)
      _ = try await test.call(.put, "/api/limits/mail", body: #"{"queues": ["mail"], "concurrency": 7}"#)
      let page = try await test.page("/audit").text
      #expect(page.contains("<del>2</del>") && page.contains("<ins>7</ins>"))
      #expect(!page.contains("&quot;concurrency&quot;:7"))
    }
  }

  @Test func `lead from the palette to what is named`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.post(#"{"kind": "echo", "queue": "mail"}"#)
      let places = try await test.call(.get, "/console/places").json["places"]?.arrayValue ?? []
      let paths = places.compactMap { $0["path"]?.stringValue }
      #expect(paths.contains("/queues/mail") && paths.contains("/kinds/echo"))
    }
  }
}
