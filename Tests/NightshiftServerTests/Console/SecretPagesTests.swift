@testable import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftServer

@Suite struct `The page of secrets` {
  @Test func `sets, replaces and removes them, and shows no value`() async throws {
    try await TestAPI.run(worker: false) { test in
      test.engine.provide(masterKeys: [MasterKey.random().key])
      #expect(try await test.page("/secrets", as: .operator).status == 403)
      #expect(try await test.page("/secrets").text.contains("There are no secrets yet"))
      let key = "-----BEGIN KEY-----\r\nabc\r\n"
      #expect(try await test.send("/secrets", ["name": "signing", "value": key]).status == 303)
      #expect(try await test.engine.secret("signing") == "-----BEGIN KEY-----\nabc\n")
      let page = try await test.page("/secrets")
      #expect(page.text.contains("<code>signing</code>"))
      #expect(page.text.contains("version 1"))
      #expect(!page.text.contains("BEGIN KEY"))
      #expect(try await test.send("/secrets", ["name": "signing", "value": "another"]).status == 303)
      #expect(try await test.page("/secrets").text.contains("version 2"))
      #expect(try await test.send("/secrets/rotate", [:]).status == 303)
      #expect(try await test.send("/secrets/signing/remove", [:], as: .operator).status == 403)
      #expect(try await test.send("/secrets/signing/remove", ["confirmed": "yes"]).status == 303)
      #expect(try await test.send("/secrets/signing/remove", ["confirmed": "yes"]).status == 404)
      #expect(try await test.engine.secrets().isEmpty)
    }
  }

  @Test func `says what is wrong, without the value`() async throws {
    try await TestAPI.run(worker: false) { test in
      let without = try await test.send("/secrets", ["name": "stripe", "value": "sk_live_1"])
      #expect(without.status == 409)
      #expect(without.text.contains("NIGHTSHIFT_MASTER_KEY"))
      test.engine.provide(masterKeys: [MasterKey.random().key])
      let named = try await test.send("/secrets", ["name": "Stripe <b>", "value": "sk_live_1"])
      #expect(named.status == 422)
      #expect(named.text.contains("value=\"Stripe &lt;b&gt;\""))
      #expect(!named.text.contains("sk_live_1"))
      #expect(try await test.send("/secrets", ["name": "stripe", "value": ""]).status == 422)
      #expect(try await test.engine.secrets().isEmpty)
    }
  }
}
