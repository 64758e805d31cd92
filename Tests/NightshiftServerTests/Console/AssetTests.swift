import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `Assets of the console` {
  @Test func `may be kept for good, since their address changes with them`() async throws {
    try await TestAPI.run(worker: false) { test in
      let page = try await test.page("/overview").text
      let path = try #require(page.firstMatch(of: /href="([^"]*console\.css)"/)?.1)
      let answer = try await test.call(.get, String(path), as: nil)
      #expect(answer.status == 200)
      #expect(answer.headers[.contentType] == "text/css; charset=utf-8")
      #expect(answer.headers[.cacheControl] == "public, max-age=31536000, immutable")
      let etag = try #require(answer.headers[.eTag])
      #expect(try await test.call(.get, String(path), as: nil, headers: [.ifNoneMatch: etag]).status == 304)
    }
  }

  @Test func `of an older version are today's, and not kept`() async throws {
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(.get, "/assets/0123456789ab/console.js", as: nil)
      #expect(answer.status == 200)
      #expect(answer.headers[.cacheControl] == "no-cache")
      #expect(try await test.call(.get, "/assets/x/layout.mustache", as: nil).status == 404)
      #expect(try await test.call(.get, "/assets/x/..%2Fsecret", as: nil).status == 404)
    }
  }
}
