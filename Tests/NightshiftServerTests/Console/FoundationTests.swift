import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `Pages of the console` {
  @Test func `lead to the approvals while something waits, and else to the overview`() async throws {
    try await TestAPI.run { test in
      #expect(try await test.page("/").headers[.location] == "/overview")
      _ = try await test.ask(title: "Send it?")
      #expect(try await test.page("/").headers[.location] == "/approvals")
      #expect(try await test.page("/overview").text.contains("<span data-badge-count>1</span>"))
      #expect(try await test.call(.get, "/console/waiting").json == ["waiting": 1])
    }
  }

  @Test func `show who is signed in, and where they are`() async throws {
    try await TestAPI.run(worker: false) { test in
      let page = try await test.page("/approvals", as: .viewer)
      #expect(page.status == 200)
      #expect(page.headers[.contentType] == "text/html; charset=utf-8")
      #expect(page.text.contains("<strong>token:viewer</strong>"))
      let current = "<a href=\"/approvals\" data-go=\"a\" aria-current=\"page\">"
      #expect(page.text.contains(current))
      #expect(page.text.contains("<main id=\"main\""))
    }
  }

  @Test func `answer errors as pages that say what to do`() async throws {
    try await TestAPI.run(worker: false) { test in
      let missing = try await test.page("/approvals/chk_0000000000001")
      #expect(missing.status == 404)
      #expect(missing.text.contains("There is nothing here"))
      #expect(missing.text.contains(missing.headers[HTTPField.Name("X-Request-ID")!] ?? "no id"))
      let hostile = try await test.page("/approvals/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
      #expect(!hostile.text.contains("<script>alert"))
      #expect(hostile.text.contains("&lt;script&gt;alert(1)"))
      #expect(try await test.page("/approvals?show=%3Cb%3E").status == 422)
    }
  }

  @Test func `tell once what a form has done, in words of their own`() async throws {
    try await TestAPI.run(worker: false) { test in
      let told = try await test.page("/overview", headers: [.cookie: "a=b; nightshift_flash=discarded.1234"])
      #expect(told.text.contains("1,234 jobs were discarded."))
      #expect(told.headers[.setCookie]?.contains("nightshift_flash=; Path=/; Max-Age=0") == true)
      for forged in ["<b>.1", "discarded.<b>", "discarded", "discarded.-1", "nothing.1"] {
        let page = try await test.page("/overview", headers: [.cookie: "nightshift_flash=\(forged)"])
        #expect(!page.text.contains("class=\"flash\""), "\(forged)")
      }
    }
  }

  @Test(arguments: [
    (-3, "just now"), (-59, "59 s ago"), (-60, "1 min ago"), (90, "in 1 min"), (7_200, "in 2 h"),
    (-864_000, "10 d ago"),
  ])
  func `tell how far away a moment is`(seconds: Int, text: String) {
    #expect(TimeView.about(.seconds(seconds)) == text)
  }

  @Test func `group the digits of large numbers`() {
    #expect([0, 999, 1_000, 1_234_567, -1_000].map(\.grouped) == ["0", "999", "1,000", "1,234,567", "-1,000"])
  }
}
