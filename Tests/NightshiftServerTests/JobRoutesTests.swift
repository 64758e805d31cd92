import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `A stored job` {
  @Test func `is listed by filter, page by page`() async throws {
    try await TestAPI.run(worker: false) { test in
      var ids: [String] = []
      for number in 0..<5 {
        ids.append(try await test.post(#"{"kind":"echo","queue":"q\#(number % 2)","tags":["t\#(number)"]}"#))
      }
      let first = try await test.call(.get, "/api/jobs?limit=3", as: .viewer).json
      let cursor = try #require(first["next"]?.stringValue)
      let second = try await test.call(.get, "/api/jobs?limit=3&cursor=\(cursor)").json
      let listed = (first["jobs"]?.arrayValue ?? []) + (second["jobs"]?.arrayValue ?? [])
      #expect(listed.compactMap { $0["id"]?.stringValue } == ids.reversed())
      #expect(second["next"] == nil)
      let filtered = try await test.call(.get, "/api/jobs?state=ready,dead&queue=q1&tag=t3&kind=echo").json
      #expect(filtered["jobs"]?.arrayValue?.compactMap { $0["id"]?.stringValue } == [ids[3]])
    }
  }

  @Test func `says that it waits for its queue to be resumed`() async throws {
    try await TestAPI.run(worker: false) { test in
      let id = try await test.post(#"{"kind":"echo","queue":"mail"}"#)
      let later = try await test.post(#"{"kind":"echo","queue":"mail","delay":"1h"}"#)
      let open = try await test.call(.get, "/api/jobs/\(id)")
      #expect(open.json["hold"] == nil)
      _ = try await test.call(.post, "/api/queues/mail/pause")
      let etag = try #require(open.headers[.eTag])
      let paused = try await test.call(.get, "/api/jobs/\(id)", headers: [.ifNoneMatch: etag])
      #expect(paused.json["hold"]?["reason"] == "queuePaused", "a pause is news to whoever knows the job already")
      #expect(paused.json["hold"]?["since"] != nil)
      let listed = try await test.call(.get, "/api/jobs?state=ready").json["jobs"]?[0]
      #expect(listed?["hold"]?["reason"] == "queuePaused")
      #expect(try await test.call(.get, "/api/jobs/\(later)").json["hold"] == nil, "it is not due")
      _ = try await test.call(.post, "/api/queues/mail/resume")
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["hold"] == nil)
    }
  }

  @Test func `shows its newest log lines, and hands out all of them page by page`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind":"count"}"#)
      test.latch.open()
      _ = try await test.end(of: id)
      let job = try await test.call(.get, "/api/jobs/\(id)").json
      #expect(job["logs"]?.arrayValue?.count == 200)
      #expect(job["logCount"] == 300)
      var lines: [JSONValue] = []
      var next: Int? = 0
      while let after = next {
        let page = try await test.call(.get, "/api/jobs/\(id)/logs?limit=120&after=\(after)").json
        lines += page["logs"]?.arrayValue ?? []
        next = page["next"]?.intValue
      }
      #expect(lines.count == 300)
      #expect(lines.suffix(200) == job["logs"]?.arrayValue?[...])
    }
  }

  @Test func `is shown in full, and once only to whoever knows it already`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind":"fail"}"#)
      _ = try await test.end(of: id)
      let answer = try await test.call(.get, "/api/jobs/\(id)")
      #expect(answer.json["state"] == "dead")
      #expect(answer.json["error"]?["message"] == "It cannot be done.")
      #expect(answer.json["attempts"]?.arrayValue?.count == 1)
      let etag = try #require(answer.headers[.eTag])
      let again = try await test.call(.get, "/api/jobs/\(id)", headers: [.ifNoneMatch: etag])
      #expect(again.status == 304)
      #expect(again.body.isEmpty)
      let head = try await test.call(.head, "/api/jobs/\(id)")
      #expect(head.status == 200)
      #expect(head.body.isEmpty)
      #expect(head.headers[.contentLength] == "\(answer.body.count)")
    }
  }

  @Test func `is cancelled, retried and discarded as its state allows`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind":"wait","payload":{"n":1}}"#)
      #expect(try await test.call(.delete, "/api/jobs/\(id)").status == 409)
      let cancelled = try await test.call(.post, "/api/jobs/\(id)/cancel", body: #"{"reason":"not needed"}"#)
      #expect(cancelled.status == 202)
      _ = try await test.end(of: id)
      let job = try await test.call(.get, "/api/jobs/\(id)").json
      #expect(job["state"] == "cancelled")
      #expect(job["cancelReason"] == "not needed")
      #expect(try await test.call(.post, "/api/jobs/\(id)/cancel").status == 409)
      test.latch.open()
      let retried = try await test.call(.post, "/api/jobs/\(id)/retry", body: #"{"payload":{"n":2}}"#)
      #expect(retried.status == 202)
      _ = try await test.end(of: id)
      let second = try await test.call(.get, "/api/jobs/\(id)").json
      #expect(second["state"] == "completed")
      #expect(second["result"] == ["n": 2])
      #expect(second["formerPayloads"]?[0]?["payload"] == ["n": 1])
      let refused = try await test.call(.post, "/api/jobs/\(id)/retry")
      #expect(refused.status == 409)
      #expect(refused.detail.contains("this one is `completed`"))
      #expect(try await test.call(.delete, "/api/jobs/\(id)").status == 204)
      #expect(try await test.call(.get, "/api/jobs/\(id)").status == 404)
    }
  }

  @Test func `is changed together with others`() async throws {
    try await TestAPI.run(worker: false) { test in
      let ids = [try await test.post(#"{"kind":"echo"}"#), try await test.post(#"{"kind":"wait"}"#)]
      let dry = try await test.call(
        .post, "/api/jobs/cancel", body: #"{"filter":{"kind":"echo"},"dryRun":true}"#)
      #expect(dry.json == ["count": 1, "sample": [.string(ids[0])], "dryRun": true])
      #expect(try await test.call(.get, "/api/jobs/\(ids[0])").json["state"] == "ready")
      let byID = try await test.call(
        .post, "/api/jobs/cancel", body: #"{"ids":["\#(ids[0])","job_0000000000001"],"reason":"x"}"#)
      #expect(byID.json["count"] == 1)
      #expect(byID.json["missing"] == ["job_0000000000001"])
      let all = try await test.call(.post, "/api/jobs/cancel", body: #"{"filter":{"all":true}}"#)
      #expect(all.json["count"] == 1)
      let discarded = try await test.call(
        .post, "/api/jobs/discard", body: #"{"filter":{"state":"cancelled"}}"#)
      #expect(discarded.json["count"] == 2)
    }
  }

  @Test func `hands its artifacts out so that they cannot act as pages of ours`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind":"artifact"}"#)
      _ = try await test.end(of: id)
      let job = try await test.call(.get, "/api/jobs/\(id)").json
      #expect(
        job["artifacts"]?.arrayValue?.compactMap { $0["url"]?.stringValue }.contains(
          "/api/jobs/\(id)/artifacts/page.html") == true)
      let text = try await test.call(.get, "/api/jobs/\(id)/artifacts/report.txt")
      #expect(text.text == "Grüße")
      #expect(text.headers[.contentType] == "text/plain; charset=utf-8")
      #expect(text.headers[.contentDisposition]?.hasPrefix("inline") == true)
      let page = try await test.call(.get, "/api/jobs/\(id)/artifacts/page.html")
      #expect(page.headers[.contentDisposition] == "attachment; filename*=UTF-8''page.html")
      #expect(page.headers[.contentSecurityPolicy]?.hasPrefix("sandbox") == true)
      #expect(page.headers[.xContentTypeOptions] == "nosniff")
      let etag = try #require(page.headers[.eTag])
      let again = try await test.call(
        .get, "/api/jobs/\(id)/artifacts/page.html", headers: [.ifNoneMatch: etag])
      #expect(again.status == 304)
      #expect(try await test.call(.get, "/api/jobs/\(id)/artifacts/none").status == 404)
    }
  }
}
