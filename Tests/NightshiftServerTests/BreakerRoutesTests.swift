import HTTPTypes
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `The API of circuit breakers` {
  private static let path = "/api/breakers/model"

  @Test func `sets, shows, replaces, resets and removes one`() async throws {
    try await TestAPI.run(worker: false, clock: TestClock()) { test in
      let new = try await test.call(
        .put, Self.path, as: .operator, body: #"{"kinds": ["echo"], "failureShare": 0.25, "openFor": "10s"}"#)
      #expect(new.status == 201 && new.headers[.location] == Self.path, "\(new.text)")
      #expect(new.json["phase"] == "closed" && new.json["failureShare"] == 0.25 && new.json["window"] == "1m")
      #expect(new.json["succeeded"] == 0 && new.json["failed"] == 0 && new.json["held"] == 0)
      let replaced = try await test.call(.put, Self.path, body: #"{"name": "model", "probes": 2}"#)
      #expect(replaced.status == 200 && replaced.json["kinds"] == nil && replaced.json["probes"] == 2)
      #expect(try await test.call(.get, Self.path, as: .viewer).json == replaced.json)
      let list = try await test.call(.get, "/api/breakers", as: .viewer).json["breakers"]
      #expect(list?.arrayValue?.map { $0["name"] } == ["model"])
      #expect(try await test.call(.post, Self.path + "/reset", as: .operator).json["phase"] == "closed")
      #expect(try await test.call(.post, Self.path + "/reset", as: .viewer).status == 403)
      #expect(try await test.call(.delete, Self.path, as: .operator).status == 204)
      for (method, path) in [
        (HTTPRequest.Method.delete, Self.path), (.get, Self.path), (.post, Self.path + "/reset"),
      ] {
        #expect(try await test.call(method, path).status == 404)
      }
    }
  }

  @Test func `says everything that is wrong, and changes nothing`() async throws {
    try await TestAPI.run(worker: false) { test in
      let wrong = try await test.call(
        .put, Self.path, body: #"{"failureShare": 2, "minimumCall": 3, "window": "soon", "probes": "one"}"#)
      #expect(wrong.status == 422)
      let pointers = wrong.errors.map { $0.split(separator: ":")[0] }
      #expect(pointers == ["#/failureShare", "#/minimumCall", "#/probes", "#/window"], "\(wrong.errors)")
      #expect(wrong.errors.contains { $0.contains("did you mean `minimumCalls`?") })
      #expect(try await test.call(.get, "/api/breakers").json["breakers"] == [])
    }
  }
}
