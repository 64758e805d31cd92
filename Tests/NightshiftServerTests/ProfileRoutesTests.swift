import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `The API of the profile` {
  private static let path = "/api/profile/thresholds/echo"

  @Test func `says where the time goes, of all kinds or of one`() async throws {
    try await TestAPI.run { test in
      _ = try await test.end(of: test.post(#"{"kind":"echo"}"#))
      _ = try await test.end(of: test.post(#"{"kind":"fail"}"#))
      await test.engine.flushProfile()
      let all = try await test.call(.get, "/api/profile", as: .viewer).json
      #expect(Set((all["kinds"]?.arrayValue ?? []).compactMap { $0["kind"]?.stringValue }) == ["echo", "fail"])
      let one = try await test.call(.get, "/api/profile?kind=fail").json["kinds"]
      #expect(one?.arrayValue?.count == 1 && one?[0]?["attempts"]?["failures"] == 1)
      #expect(one?[0]?["slowest"]?[0]?["job"]?.stringValue?.hasPrefix("job_") == true)
    }
  }

  @Test func `watches a kind for slowness, and ends it`() async throws {
    try await TestAPI.run(worker: false) { test in
      let watched = try await test.call(
        .put, Self.path, as: .operator, body: #"{"p95": "2s", "over": "30m", "least": 3}"#)
      #expect(watched.status == 200, "\(watched.text)")
      #expect(watched.json["p95"] == "2s" && watched.json["over"] == "30m" && watched.json["slow"] == false)
      let again = try await test.call(.put, Self.path, body: #"{"p95": "1s"}"#).json
      #expect(again["over"] == "10m" && again["least"] == 20)
      #expect(try await test.call(.get, "/api/profile").json["thresholds"]?[0]?["kind"] == "echo")
      #expect(try await test.call(.get, "/metrics").text.contains("nightshift_kind_slow{kind=\"echo\"} 0\n"))
      #expect(try await test.call(.put, Self.path, as: .member, body: #"{"p95": "1s"}"#).status == 403)
      #expect(try await test.call(.delete, Self.path, as: .operator).status == 204)
      #expect(try await test.call(.delete, Self.path).status == 404)
    }
  }

  @Test(arguments: [
    ("{}", "#/p95: is missing"), (#"{"p95": "0s"}"#, "#/p95: must be"),
    (#"{"p95": "1s", "over": "30s"}"#, "#/over: must be 1m to 1d; got 30s"),
    (#"{"p95": "1s", "least": 0}"#, "#/least: must be"), (#"{"p95": "1s", "ovr": "1m"}"#, "did you mean `over`?"),
  ])
  func `refuses a bound that cannot be`(_ body: String, _ fault: String) async throws {
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(.put, Self.path, body: body)
      #expect(answer.status == 422 && answer.errors.contains { $0.contains(fault) }, "\(answer.text)")
    }
  }

  @Test func `refuses a span or a kind that there is not`() async throws {
    try await TestAPI.run(worker: false) { test in
      for (query, fault) in [
        ("from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "earlier"),
        ("from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", "35 days"), ("form=x", "did you mean `from`?"),
      ] {
        let answer = try await test.call(.get, "/api/profile?\(query)")
        #expect(answer.status == 422 && answer.text.contains(fault), "\(answer.text)")
      }
      let unknown = try await test.call(.put, "/api/profile/thresholds/ecco", body: #"{"p95": "1s"}"#)
      #expect(unknown.status == 404 && unknown.detail.contains("Did you mean `echo`?"))
    }
  }
}
