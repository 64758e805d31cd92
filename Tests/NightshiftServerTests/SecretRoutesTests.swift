import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `The API for secrets` {
  @Test func `takes values and gives none back`() async throws {
    try await TestAPI.run(worker: false) { test in
      let body = #"{"value": "sk_live_secret"}"#
      #expect(try await test.call(.put, "/api/secrets/stripe", body: body).json["code"] == "master_key")
      test.engine.provide(masterKeys: [MasterKey.random().key])
      #expect(try await test.call(.put, "/api/secrets/stripe", as: .operator, body: body).status == 403)
      #expect(try await test.call(.put, "/api/secrets/stripe", body: body).status == 201)
      #expect(try await test.call(.put, "/api/secrets/stripe", body: body).status == 204)
      let list = try await test.call(.get, "/api/secrets")
      #expect(list.json["secrets"]?.arrayValue?.first?["version"] == 2 && !list.text.contains("sk_live"))
      #expect(try await test.call(.get, "/api/secrets/stripe").status == 405)
      let audit = try await test.call(.get, "/api/audit?subject=secret")
      #expect(audit.text.contains("set-secret") && !audit.text.contains("sk_live"))
      #expect(try await test.call(.post, "/api/secrets/rotate").json["count"] == 0)
      #expect(try await test.call(.delete, "/api/secrets/stripe").status == 204)
      #expect(try await test.call(.delete, "/api/secrets/stripe").status == 404)
    }
  }

  @Test func `does not quote what it refuses`() async throws {
    try await TestAPI.run(worker: false) { test in
      test.engine.provide(masterKeys: [MasterKey.random().key])
      for body in [
        #"{"value": ["sk_live"]}"#, #"{"value": 17}"#, #"{"value": ""}"#, #"{"value": "sk_live\u0000"}"#, "{}",
      ] {
        let answer = try await test.call(.put, "/api/secrets/stripe", body: body)
        #expect(
          answer.status == 422 && !answer.text.contains("sk_live"), "\(answer.text)")
      }
      #expect(try await test.call(.put, "/api/secrets/Stripe", body: #"{"value": "v"}"#).status == 422)
    }
  }
}
