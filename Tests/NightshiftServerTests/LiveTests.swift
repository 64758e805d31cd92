import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `A stream of events` {
  @Test func `begins with a snapshot and ends with its job`() async throws {
    try await TestAPI.run { test in
      try await RawClient.serve(test) { client in
        let id = try await test.post(#"{"kind":"wait","payload":{"n":1}}"#)
        let text = try await client.session(test.events("/api/jobs/\(id)/events")) { session in
          let begin = try await session.text(upTo: "event: snapshot\n")
          #expect(begin.hasPrefix("HTTP/1.1 200 OK"))
          #expect(begin.lowercased().contains("content-type: text/event-stream"))
          _ = try await session.text(upTo: "\n\n")
          test.latch.open()
          return String(decoding: try await session.rest(), as: UTF8.self)
        }
        #expect(text.contains("\"message\":\"done\""))
        #expect(text.contains("\"data\":{\"to\":\"you\"},\"job\""))
        let types = text.events.map(\.type)
        #expect(types.suffix(2) == ["state", "end"])
        #expect(types.filter { $0 == "end" }.count == 1)
        #expect(text.events.last?.data["result"] == ["n": 1])
      }
    }
  }

  @Test func `goes on after the last id without gap or repeat`() async throws {
    try await TestAPI.run { test in
      try await RawClient.serve(test) { client in
        let id = try await test.post(#"{"kind":"wait"}"#)
        // Wait until the first line is there, whoever is faster.
        let first = try await client.session(test.events("/api/jobs/\(id)/events")) { session in
          try await session.text(upTo: "\"message\":\"waiting\"")
        }
        test.latch.open()
        _ = try await test.end(of: id)
        let position = first.events.last?.id ?? first.idsSeen.last ?? ""
        let whole = try await client.exchange(test.events("/api/jobs/\(id)/events"))
        #expect(whole.events.map(\.type) == ["snapshot", "end"])
        let lines = whole.events[0].data["logs"]?.arrayValue ?? []
        #expect(lines.count == 3)
        let rest = try await client.exchange(test.events("/api/jobs/\(id)/events", lastEventID: position))
        let seen = JobPosition(position)?.log ?? 0
        let expected = lines.compactMap { $0["sequence"]?.intValue }.filter { $0 > seen }
        #expect(
          rest.events.first?.data["logs"]?.arrayValue?.compactMap { $0["sequence"]?.intValue } == expected)
        let over = try await client.exchange(
          test.events("/api/jobs/\(id)/events", lastEventID: whole.events.last?.id ?? ""))
        #expect(over.hasPrefix("HTTP/1.1 204 "), "a browser comes back until it is told not to")
      }
    }
  }

  @Test func `of everything can be narrowed and resumed`() async throws {
    try await TestAPI.run { test in
      try await RawClient.serve(test) { client in
        let path = "/api/events?kind=echo&state=completed"
        let first = try await client.session(test.events(path)) { session in
          _ = try await session.text(upTo: ": keep-alive")
          _ = try await test.end(of: test.post(#"{"kind":"fail"}"#))
          _ = try await test.end(of: test.post(#"{"kind":"echo","payload":1}"#))
          return try await session.text(upTo: "\"state\":\"completed\"") + session.text(upTo: "\n\n")
        }
        #expect(!first.contains("\"fail\""))
        _ = try await test.end(of: test.post(#"{"kind":"echo","payload":2}"#))
        let id = try #require(first.events.last?.id)
        let second = try await client.session(test.events(path, lastEventID: id)) { session in
          try await session.text(upTo: "\"state\":\"completed\"")
        }
        #expect(second.idsSeen.first != id)
        let reset = try await client.session(test.events(path, lastEventID: "unknown-1")) { session in
          try await session.text(upTo: "event: reset\n")
        }
        #expect(reset.contains("event: reset"))
      }
    }
  }

  @Test(arguments: ["garbage", "v1", "v-1.l0", "vx.l1", "k3v9-42"])
  func `of a job refuses an id that is none of its messages'`(_ text: String) async throws {
    try await TestAPI.run(worker: false) { test in
      let id = try await test.post(#"{"kind":"echo"}"#)
      let answer = try await test.call(.get, "/api/jobs/\(id)/events", headers: [.lastEventID: text])
      #expect(answer.status == 400)
      #expect(answer.json["code"] == "malformed_event_id")
      #expect(answer.detail.contains("`Last-Event-ID`") && answer.detail.contains("\"\(text)\""))
    }
  }

  @Test func `of a job tells everything to whoever knows more than there is`() async throws {
    try await TestAPI.run { test in
      try await RawClient.serve(test) { client in
        let id = try await test.post(#"{"kind":"echo"}"#)
        _ = try await test.end(of: id)
        let text = try await client.exchange(test.events("/api/jobs/\(id)/events", lastEventID: "v99.l99999999999"))
        #expect(text.events.first?.data["logs"]?.arrayValue?.count == 1)
      }
    }
  }

  @Test(arguments: ["garbage", "a-b", "1-2-3", "-5"])
  func `of everything refuses an id that is none`(_ text: String) async throws {
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(.get, "/api/events", headers: [.lastEventID: text])
      #expect(answer.status == 400)
      #expect(answer.headers[.contentType] == "application/problem+json")
    }
  }

  @Test func `says that a job does not exist`() async throws {
    try await TestAPI.run(worker: false) { test in
      let missing = try await test.call(.get, "/api/jobs/job_0000000000001/events")
      #expect(missing.status == 404)
      let wrong = try await test.call(.get, "/api/events?state=x")
      #expect(wrong.status == 422)
    }
  }
}

extension TestAPI {
  /// A request for server-sent events, as bytes.
  func events(_ path: String, lastEventID: String? = nil) -> [UInt8] {
    let resume = lastEventID.map { "Last-Event-ID: \($0)\r\n" } ?? ""
    return Array(
      ("GET \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(tokens[.viewer]!)\r\n"
        + "\(resume)Connection: close\r\n\r\n").utf8)
  }
}

extension String {
  /// The complete server-sent events in an answer.
  var events: [(type: String, id: String?, data: JSONValue)] {
    // The server writes an event in one piece, but HTTP puts the sizes of its chunks between.
    var events: [(type: String, id: String?, data: JSONValue)] = []
    var (type, id) = ("", String?.none)
    for line in split(whereSeparator: \.isNewline) {
      if line.hasPrefix("event: ") { type = String(line.dropFirst(7)) }
      if line.hasPrefix("id: ") { id = String(line.dropFirst(4)) }
      // What does not parse is the end of what was read so far.
      if line.hasPrefix("data: "), let data = try? JSONValue(parsing: line.dropFirst(6).utf8) {
        events.append((type, id, data))
      }
    }
    return events
  }

  var idsSeen: [String] {
    split(whereSeparator: \.isNewline).filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
  }
}
