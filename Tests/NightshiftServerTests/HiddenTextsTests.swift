import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `Hidden values in the texts beside them` {
  private static let values = ["payloadSecret55", "answerSecret66", "sigToken77", "stepToken88"]

  /// A job that asks, waits for a signal, takes a step, and then tells everybody what it was given.
  private func leaking(_ test: TestAPI) async throws -> (id: String, job: JobID) {
    try await test.engine.register("leak", payload: JSONValue.self) { payload, context -> Void in
      let password = payload["password"]?.stringValue ?? ""
      var options = CheckpointOptions()
      options.body = "It is *\(password)*."
      let answer = try await context.approval(
        "sign", title: "Sign in with \(password)?", showing: ["to": "x", "password": "asked-for"], options: options
      ).data(as: [String: String].self)
      let signal = try await context.signal("go", as: [String: String].self)
      let step = try await context.step("exchange") { ["token": "stepToken88"] }
      let all = "\(password), \(answer["password"]!), \(signal["token"]!), \(step["token"]!)"
      context.log("got \(all)")
      context.progress(0.5, "with \(all)")
      try context.emit("tried", ["note": all])
      throw PermanentFailure("refused: \(all)")
    }
    let id = try await test.post(#"{"kind": "leak", "payload": {"password": "payloadSecret55"}}"#)
    let job = try #require(JobID(id))
    try await test.wait(for: .waiting, job)
    return (id, job)
  }

  private func question(_ id: String, _ test: TestAPI) async throws -> JSONValue {
    let list = try await test.call(.get, "/api/jobs/\(id)/checkpoints").json
    return try #require(list["checkpoints"]?[0])
  }

  private func approve(
    _ id: String, _ test: TestAPI, with body: String = #"{"data": {"to": "x", "password": "answerSecret66"}}"#
  ) async throws {
    let path = "/api/checkpoints/\(try await question(id, test)["id"]?.stringValue ?? "")/approve"
    let answer = try await test.call(.post, path, body: body)
    try #require(answer.status == 200, "\(answer.text)")
  }

  private func signal(_ id: String, _ test: TestAPI) async throws {
    let sent = #"{"payload": {"token": "sigToken77"}}"#
    #expect(try await test.call(.post, "/api/jobs/\(id)/signals/go", body: sent).status == 202)
  }

  @Test func `are hidden in a job's log and errors, whatever it was told them by`() async throws {
    try await TestAPI.run { test in
      let (id, job) = try await leaking(test)
      try await approve(id, test)
      try await test.wait(for: .waiting, job)
      try await signal(id, test)
      #expect(try await test.end(of: id)?.summary.state == .dead)
      let paths = [
        "/api/jobs/\(id)", "/api/jobs/\(id)/logs", "/api/jobs/\(id)/events", "/api/jobs/\(id)/checkpoints",
        "/jobs/\(id)", "/jobs/\(id)/logs",
      ]
      for path in paths {
        let (seen, all) = (try await test.page(path, as: .viewer), try await test.page(path))
        #expect(seen.status == 200 && seen.text.contains("[redacted]"), "\(path)")
        for value in Self.values {
          #expect(!seen.text.contains(value), "\(value) in \(path)")
        }
        #expect(all.text.contains("answerSecret66") && !all.text.contains("[redacted]"), "\(path)")
      }
    }
  }

  @Test func `are hidden in a stream that was there before the job got them`() async throws {
    try await TestAPI.run { test in
      try await RawClient.serve(test) { client in
        let (id, job) = try await leaking(test)
        let text = try await client.session(test.events("/api/jobs/\(id)/events")) { session in
          _ = try await session.text(upTo: "event: snapshot\n")
          try await approve(id, test)
          try await test.wait(for: .waiting, job)
          try await signal(id, test)
          return String(decoding: try await session.rest(), as: UTF8.self)
        }
        #expect(text.events.last?.type == "end" && text.contains("refused: [redacted]"), "\(text)")
        for value in Self.values { #expect(!text.contains(value), "\(value) in \(text)") }
      }
    }
  }

  @Test func `are hidden in what all jobs say`() async throws {
    try await TestAPI.run { test in
      try await RawClient.serve(test) { client in
        let text = try await client.session(test.events("/api/events")) { session in
          _ = try await session.text(upTo: ": keep-alive")
          let (id, job) = try await leaking(test)
          try await approve(id, test)
          try await test.wait(for: .waiting, job)
          try await signal(id, test)
          return try await session.text(upTo: "\"state\":\"dead\"") + session.text(upTo: "\n\n")
        }
        let types = Set(text.events.map(\.type))
        #expect(types.isSuperset(of: ["checkpoint", "signal", "log", "progress", "event", "state"]), "\(types)")
        #expect(text.contains(#""data":{"note":"[redacted]"}"#) && text.contains(#""title":"[redacted]""#))
        for value in Self.values { #expect(!text.contains(value), "\(value) in \(text)") }
      }
    }
  }

  @Test(arguments: [Role.viewer, .approver])
  func `are hidden in the title and body of a question, also where only the payload holds them`(
    _ role: Role
  ) async throws {
    try await TestAPI.run { test in
      let (id, _) = try await leaking(test)
      let checkpoint = try await question(id, test)["id"]?.stringValue ?? ""
      let paths = [
        "/api/checkpoints", "/api/checkpoints/\(checkpoint)", "/api/jobs/\(id)/checkpoints", "/approvals",
        "/approvals/\(checkpoint)", "/jobs/\(id)",
      ]
      for path in paths {
        let (seen, all) = (try await test.page(path, as: role), try await test.page(path))
        #expect(seen.status == 200 && seen.text.contains("Sign in with [redacted]?"), "\(path)")
        #expect(!seen.text.contains("payloadSecret55"), "\(path)")
        #expect(all.text.contains("Sign in with payloadSecret55?"), "\(path)")
      }
    }
  }

  @Test func `are not told by what is hidden in another job's question`() async throws {
    try await TestAPI.run { test in
      let (id, _) = try await leaking(test)
      // Whoever may ask something of its own would only have to try.
      let guess = try await test.ask(title: "Is it payloadSecret55?")
      for path in ["/api/checkpoints", "/approvals"] {
        let seen = try await test.page(path, as: .viewer).text
        #expect(seen.contains("Is it payloadSecret55?") && seen.contains("Sign in with [redacted]?"), "\(path) \(id)")
      }
      #expect(try await test.call(.get, "/api/checkpoints/\(guess.id)", as: .viewer).json["digest"] != nil)
    }
  }

  // MARK: Digests

  @Test func `cannot be tried out by the digest of a question, nor by what its page says of it`() async throws {
    try await TestAPI.run { test in
      let data: JSONValue = ["to": "x", "pin": 4711]
      let question = try await test.ask(title: "May I?", data: data)
      let digest = Engine.fingerprint(data.serialized())
      #expect(try await test.call(.get, "/api/checkpoints").text.contains(digest))
      #expect(try await test.call(.get, "/api/checkpoints", as: .viewer).text.contains(digest), "nothing is hidden")
      let hiding: JSONValue = ["to": "x", "password": "4711"]
      let hidden = try await test.ask(title: "May I?", data: hiding)
      let secret = Engine.fingerprint(hiding.serialized())
      #expect(try await test.call(.get, "/api/checkpoints/\(hidden.id)").json["digest"]?.stringValue == secret)
      let paths = [
        "/api/checkpoints", "/api/checkpoints/\(hidden.id)", "/api/jobs/\(hidden.job)/checkpoints", "/approvals",
        "/approvals/\(hidden.id)",
      ]
      for path in paths {
        let seen = try await test.page(path, as: .approver)
        #expect(seen.status == 200 && !seen.text.contains(secret.prefix(16)), "\(path)")
      }
      #expect(!(try await test.page("/approvals/\(question.id)").text.contains(digest.prefix(16))))
    }
  }

  @Test func `cannot be tried out by the digest of an answer that was given beforehand`() async throws {
    try await TestAPI.run { test in
      let (id, _) = try await leaking(test)
      try await approve(id, test, with: #"{"remember": {"scope": "arguments"}}"#)
      #expect(try await test.call(.get, "/api/grants").json["grants"]?[0]?["digest"] != nil)
      let seen = try await test.call(.get, "/api/grants", as: .viewer).json["grants"]?[0]
      #expect(seen?["kind"] == "leak" && seen?["digest"] == nil)
    }
  }
}
