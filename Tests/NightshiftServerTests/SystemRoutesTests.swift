import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Nightshift
import TestSupport
import Testing

@testable import NightshiftServer

@Suite struct `The system` {
  @Test func `tells its health to anybody`() async throws {
    try await TestAPI.run { test in
      let health = try await test.call(.get, "/healthz", as: nil)
      #expect(health.json == ["status": "ok"])
      #expect(health.headers[.cacheControl] == "no-store")
      let ready = try await test.call(.get, "/readyz", as: nil)
      #expect(ready.json["storeIsWritable"] == true, "\(ready.text)")
    }
  }

  @Test func `lists and pauses queues`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.post(#"{"kind":"echo","queue":"mail"}"#)
      let paused = try await test.call(.post, "/api/queues/mail/pause")
      #expect(paused.json["name"] == "mail" && paused.json["paused"] == true && paused.json["newQueue"] == nil)
      let queues = try await test.call(.get, "/api/queues").json["queues"]?.arrayValue ?? []
      let mail = try #require(queues.first { $0["name"] == "mail" })
      #expect(mail["paused"] == true)
      #expect(mail["pausedBy"] == "token:admin")
      #expect(mail["counts"]?["ready"] == 1)
      let dry = try await test.call(.post, "/api/queues/mail/purge", body: #"{"dryRun":true}"#)
      #expect(dry.json["count"] == 1)
      let purged = try await test.call(.post, "/api/queues/mail/purge")
      #expect(purged.json["count"] == 1)
      #expect(purged.json["dryRun"] == false)
      #expect(try await test.call(.post, "/api/queues/mail/resume").json["paused"] == false)
    }
  }

  @Test func `pauses for a while, with a reason that each job tells`() async throws {
    try await TestAPI.run(worker: false) { test in
      let body = #"{"for": "1h", "reason": "the provider is down"}"#
      let paused = try await test.call(.post, "/api/queues/mail/pause", as: .operator, body: body)
      #expect(paused.json["newQueue"] == true)
      #expect(paused.json["pausedUntil"]?.stringValue != nil && paused.json["pauseReason"] == "the provider is down")
      let id = try await test.post(#"{"kind":"echo","queue":"mail"}"#)
      let shown = try await test.call(.get, "/api/jobs/\(id)")
      let hold = shown.json["hold"]
      #expect(hold?["reason"] == "queuePaused" && hold?["detail"] == "the provider is down")
      #expect(hold?["by"] == "token:operator" && hold?["until"] == paused.json["pausedUntil"])
      #expect(hold?["since"] == paused.json["pausedAt"])
      let etag = try #require(shown.headers[.eTag])
      #expect(try await test.call(.get, "/api/jobs/\(id)", headers: [.ifNoneMatch: etag]).status == 304)
      _ = try await test.call(.post, "/api/queues/mail/pause", body: #"{"reason": "still"}"#)
      let again = try await test.call(.get, "/api/jobs/\(id)", headers: [.ifNoneMatch: etag])
      #expect(again.json["hold"]?["detail"] == "still" && again.json["hold"]?["until"] == nil)
      #expect(try await test.call(.get, "/api/jobs").json["jobs"]?[0]?["hold"]?["detail"] == "still")
    }
  }

  @Test func `pauses everything`() async throws {
    try await TestAPI.run { test in
      let paused = try await test.call(
        .post, "/api/pause", as: .operator, body: #"{"until": "2099-01-01T00:00:00Z", "reason": "upgrade"}"#)
      #expect(paused.json["paused"] == true && paused.json["pausedUntil"] == "2099-01-01T00:00:00.000Z")
      let id = try await test.post(#"{"kind":"echo"}"#)
      let hold = try await test.call(.get, "/api/jobs/\(id)").json["hold"]
      #expect(hold?["reason"] == "everythingPaused" && hold?["detail"] == "upgrade")
      #expect(try await test.call(.get, "/api/queues").json["everything"]?["pausedBy"] == "token:operator")
      #expect(try await test.call(.get, "/metrics").text.contains("nightshift_paused 1\n"))
      #expect(try await test.call(.post, "/api/resume", as: .operator).json == ["paused": false])
      _ = try await test.engine.waitForEnd(of: JobID(id)!, timeout: .seconds(30))
      #expect(try await test.call(.get, "/api/jobs/\(id)").json["state"] == "completed")
      #expect(try await test.call(.get, "/api/queues").json["everything"] == ["paused": false])
    }
  }

  @Test(arguments: [
    (#"{"for": "1h", "until": "2099-01-01T00:00:00Z"}"#, "#/for: and `until` both say"),
    (#"{"until": "2020-01-01T00:00:00Z"}"#, "#/until: must lie in the future; got 2020"),
    (#"{"for": "0s"}"#, "#/for: must be a length of time"), (#"{"reason": ""}"#, "#/reason: must be a text"),
    (#"{"untill": "1h"}"#, "did you mean `until`?"),
  ])
  func `refuses a pause that cannot be`(_ body: String, _ message: String) async throws {
    try await TestAPI.run(worker: false) { test in
      for path in ["/api/pause", "/api/queues/mail/pause"] {
        let answer = try await test.call(.post, path, body: body)
        #expect(answer.status == 422)
        #expect(answer.errors.contains { $0.contains(message) }, "\(answer.text)")
      }
      #expect(try await test.engine.queues().allSatisfy { $0.name != "mail" })
      #expect(try await test.call(.post, "/api/pause", as: .member).status == 403)
    }
  }

  @Test func `lists and commands workers`() async throws {
    try await TestAPI.run { test in
      let workers = try await test.call(.get, "/api/workers").json["workers"]?.arrayValue ?? []
      let id = try #require(workers.first?["id"]?.stringValue)
      #expect(workers.first?["mode"] == "running")
      let stopped = try await test.call(.post, "/api/workers/\(id)/stop")
      #expect(stopped.status == 202)
      #expect(stopped.json == ["workers": 1, "mode": "stopped"])
      let started = try await test.call(.post, "/api/workers/all/start")
      #expect(started.json["mode"] == "running")
    }
  }

  @Test func `makes tokens and revokes them`() async throws {
    try await TestAPI.run(worker: false) { test in
      let made = try await test.call(
        .post, "/api/tokens", body: #"{"name":"ci","role":"operator","expiresIn":"90d"}"#)
      #expect(made.status == 201)
      let secret = try #require(made.json["secret"]?.stringValue)
      let headers: HTTPFields = [.authorization: "Bearer \(secret)"]
      #expect(try await test.call(.get, "/api/jobs", as: nil, headers: headers).status == 200)
      let twice = try await test.call(.post, "/api/tokens", body: #"{"name":"ci","role":"viewer"}"#)
      #expect(twice.status == 409)
      let list = try await test.call(.get, "/api/tokens")
      #expect(!list.text.contains(secret))
      #expect(try await test.call(.delete, "/api/tokens/ci").status == 204)
      #expect(try await test.call(.delete, "/api/tokens/ci").status == 404)
      #expect(try await test.call(.get, "/api/jobs", as: nil, headers: headers).status == 401)
    }
  }

  @Test func `keeps statistics and findings`() async throws {
    try await TestAPI.run { test in
      _ = try await test.end(of: test.post(#"{"kind":"echo"}"#))
      let stats = try await test.call(.get, "/api/stats?by=kind").json
      let row = try #require(stats["rows"]?.arrayValue?.first { $0["kind"] == "echo" })
      #expect(row["completed"] == 1)
      let kinds = try await test.call(.get, "/api/kinds").json["kinds"]?.arrayValue ?? []
      let names = kinds.compactMap { $0["kind"]?.stringValue }
      #expect(names.contains("send-receipt"))
      let doctor = try await test.call(.get, "/api/doctor").json
      #expect(doctor["findings"]?.arrayValue?.isEmpty == false)
    }
  }

  @Test func `writes one line of audit for each change, under the verb of its route`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.post(#"{"kind":"echo"}"#)
      _ = try await test.call(.post, "/api/jobs/cancel", body: #"{"filter":{"all":true}}"#)
      _ = try await test.call(.post, "/api/queues/default/pause")
      let verbs = try await test.engine.store.read { transaction in
        try transaction.query(
          "SELECT verb FROM nightshift_audit WHERE address = ? ORDER BY id", [.text("192.0.2.7")]
        )
        .compactMap { $0.text(0) }
      }
      #expect(verbs == ["enqueue", "cancel", "pause"])
      #expect(Set(verbs).isSubset(of: RouteTable.api.routes.compactMap(\.audit)))
    }
  }

  @Test(arguments: [
    ("localhost:8080", [:], 200), ("127.0.0.1:8080", [:], 200), ("[::1]:8080", [:], 200), ("thishost", [:], 200),
    ("evil.example", [:], 401), ("localhost:8080", ["Sec-Fetch-Site": "same-origin"], 401),
    ("localhost:8080", ["X-Forwarded-For": "203.0.113.9"], 401),
    ("localhost:8080", ["Origin": "http://evil.example"], 401),
  ])
  func `gives metrics without a token to programs on this host, and not to a browser's pages`(
    _ host: String, _ headers: [String: String], _ status: Int
  ) async throws {
    try await TestAPI.run(worker: false) { test in
      var head = HTTPRequest(method: .get, scheme: "http", authority: host, path: "/metrics")
      for (name, value) in headers { head.headerFields[HTTPField.Name(name)!] = value }
      let here = Origin.socket(address: "127.0.0.1", isLoopback: true)
      let response = await test.api.respond(
        to: Request(head: head, body: RequestBody(buffer: ByteBuffer())), from: here)
      #expect(response.status.code == status)
    }
  }

  @Test func `gives metrics that promtool accepts`() async throws {
    let text = try await TestAPI.run { test in
      _ = try await test.end(of: test.post(#"{"kind":"echo"}"#))
      _ = try await test.end(of: test.post(#"{"kind":"fail"}"#))
      let answer = try await test.call(.get, "/metrics", as: .viewer)
      #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
      return answer.text
    }
    #expect(text.contains("nightshift_kind_jobs_finished_total{kind=\"echo\",outcome=\"completed\"} 1\n"))
    #expect(text.contains("nightshift_jobs{queue=\"default\",state=\"dead\"} 1\n"))
    let tool = try await Tool.run(["promtool", "check", "metrics"], input: Data(text.utf8))
    #expect(tool.status == 0, "promtool (scripts/setup installs it) said: \(tool.text)")
  }

  @Test func `lets pages of allowed origins in, and no others`() async throws {
    try await TestAPI.run(worker: false, allowedOrigins: ["https://console.example.com"]) { test in
      let good = try await test.call(
        .options, "/api/jobs", as: nil, headers: [.origin: "https://console.example.com"])
      #expect(good.status == 204)
      #expect(good.headers[.accessControlAllowOrigin] == "https://console.example.com")
      #expect(good.headers[.accessControlAllowMethods] == "GET, HEAD, OPTIONS, POST")
      let bad = try await test.call(.get, "/api/jobs", headers: [.origin: "https://evil.example"])
      #expect(bad.headers[.accessControlAllowOrigin] == nil)
      #expect(bad.headers[.vary] == "Origin")
    }
  }

  @Test func `answers inside the process as it does over HTTP`() async throws {
    try await TestAPI.run { test in
      let actor = Actor(id: "cli", role: .operator)
      let api = InProcessAPI(engine: test.engine, actor: actor, logger: test.api.logger)
      let posted = try await api.send(method: .post, path: "/api/jobs", body: Array(#"{"kind":"echo"}"#.utf8))
      #expect(posted.status == .accepted)
      let id = try #require(try JSONValue(parsing: posted.body)["id"]?.stringValue)
      var events = ""
      let stream = try await api.stream(method: .get, path: "/api/jobs/\(id)/events") { status, piece in
        #expect(status == .ok)
        events += String(decoding: piece.readableBytesView, as: UTF8.self)
      }
      #expect(stream.headers[.contentType] == "text/event-stream")
      #expect(events.contains("event: end\n"))
      #expect(try await api.send(method: .get, path: "/api/tokens").status == .forbidden)
    }
  }
}
