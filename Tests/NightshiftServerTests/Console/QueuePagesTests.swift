import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `The pages of queues` {
  @Test func `show every queue with what is in it, and say where nobody listens`() async throws {
    try await TestAPI.run { test in
      _ = try await test.post(#"{"kind": "echo", "payload": {}, "queue": "mail", "delay": "1h"}"#)
      let list = try await test.page("/queues", as: .viewer)
      #expect(list.status == 200)
      #expect(list.text.contains("href=\"/queues/mail\""))
      #expect(!list.text.contains("action=\"/pause\""))
      let page = try await test.page("/queues/mail", as: .viewer)
      #expect(page.status == 200)
      #expect(page.text.contains("/jobs?queue=mail&amp;state=scheduled"))
      #expect(!page.text.contains("<form method=\"post\""))
      #expect(try await test.page("/queues/nowhere").status == 404)
    }
    try await TestAPI.run(worker: false) { test in
      _ = try await test.post(#"{"kind": "echo", "payload": {}, "queue": "mail"}"#)
      _ = try await test.engine.command(.stopped, worker: nil, by: .system)
      #expect(try await test.page("/queues").text.contains("No worker listens to the queue"))
      #expect(try await test.page("/queues/mail").text.contains("No worker listens to this queue."))
    }
  }

  @Test func `pause and resume by forms, with a reason and an end`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.post(#"{"kind": "echo", "payload": {}, "queue": "mail"}"#)
      let hostile = "<b>moved</b>"
      let sent = try await test.send("/queues/mail/pause", ["reason": hostile, "for": "1h"], as: .operator)
      #expect(sent.status == 303)
      #expect(sent.headers[.location] == "/queues/mail")
      let pause = try await test.engine.queues().first { $0.name == "mail" }?.pause
      #expect(pause?.reason == hostile)
      #expect(pause?.until != nil)
      let page = try await test.page("/queues/mail", as: .operator)
      #expect(page.text.contains("&lt;b&gt;moved&lt;/b&gt;"))
      #expect(page.text.contains("action=\"/queues/mail/resume\""))
      #expect(try await test.send("/queues/mail/resume", [:], as: .member).status == 403)
      #expect(try await test.send("/queues/mail/resume", [:], as: .operator).status == 303)
      #expect(try await test.engine.queues().first { $0.name == "mail" }?.pause == nil)
      #expect(try await test.send("/pause", ["reason": "night"], as: .operator).status == 303)
      #expect(try await test.engine.pauseOfEverything()?.reason == "night")
      #expect(try await test.page("/queues").text.contains("Everything is paused."))
      #expect(try await test.send("/resume", [:]).status == 303)
      #expect(try await test.engine.pauseOfEverything() == nil)
      #expect(try await test.send("/queues/mail/pause", ["for": "soon"]).status == 422)
    }
  }

  @Test func `purge only after showing what that means`() async throws {
    try await TestAPI.run(worker: false) { test in
      let id = try await test.post(#"{"kind": "echo", "payload": {}, "queue": "mail"}"#)
      let preview = try await test.send("/queues/mail/purge", [:], as: .operator)
      #expect(preview.status == 200)
      #expect(preview.text.contains("Cancel 1 jobs"))
      #expect(preview.text.contains(id))
      #expect(try await test.engine.job(JobID(id)!)?.summary.state == .ready)
      #expect(try await test.send("/queues/mail/purge", ["confirmed": "yes"], as: .viewer).status == 403)
      #expect(try await test.send("/queues/mail/purge", ["confirmed": "yes"], as: .operator).status == 303)
      #expect(try await test.engine.job(JobID(id)!)?.summary.state == .cancelled)
    }
  }

  @Test func `set, show and remove limits`() async throws {
    try await TestAPI.run(worker: false) { test in
      #expect(try await test.page("/limits").text.contains("There are no limits"))
      let sent = try await test.send(
        "/limits",
        [
          "name": "per-customer", "queues": "mail, billing", "kinds": "echo", "by": "/customer", "concurrency": "2",
          "rate": "100/1m",
        ], as: .operator)
      #expect(sent.status == 303)
      #expect(sent.headers[.location] == "/limits/per-customer")
      let limit = try await test.engine.limit("per-customer")?.limit
      #expect(limit?.queues == ["mail", "billing"])
      #expect(limit?.rate == .window(100, per: .seconds(60)))
      let page = try await test.page("/limits/per-customer", as: .viewer)
      #expect(page.text.contains("2 at a time and 100 every 1 min for each value of /customer"))
      #expect(!page.text.contains("<form method=\"post\""))
      #expect(try await test.page("/limits").text.contains("per-customer"))
      let wrong = try await test.send("/limits", ["name": "x y", "concurrency": "many", "rate": "often"])
      #expect(wrong.status == 422)
      #expect(wrong.text.contains("value=\"many\""))
      #expect(wrong.text.contains("must be a whole number"))
      #expect(try await test.send("/limits/per-customer/remove", [:], as: .member).status == 403)
      #expect(try await test.send("/limits/per-customer/remove", ["confirmed": "yes"], as: .operator).status == 303)
      #expect(try await test.engine.limits().isEmpty)
      #expect(try await test.page("/limits/per-customer").status == 404)
    }
  }

  @Test func `set, show, close and remove circuit breakers`() async throws {
    try await TestAPI.run(worker: false) { test in
      #expect(try await test.page("/breakers").text.contains("There are no circuit breakers"))
      let fields: KeyValuePairs = ["name": "mail-server", "kinds": "echo", "failureShare": "0.4", "openFor": "1m"]
      #expect(try await test.send("/breakers", fields, as: .viewer).status == 403)
      #expect(try await test.send("/breakers", fields, as: .operator).status == 303)
      let breaker = try await test.engine.breakers().first?.state.breaker
      #expect(breaker?.failureShare == 0.4)
      #expect(breaker?.openFor == .seconds(60))
      let page = try await test.page("/breakers", as: .viewer)
      #expect(page.text.contains("Opens when 40 % of at least 10 calls"))
      #expect(!page.text.contains("<form method=\"post\""))
      #expect(try await test.send("/breakers", ["name": "b", "failureShare": "2"]).status == 422)
      #expect(try await test.send("/breakers/mail-server/reset", [:]).status == 303)
      #expect(try await test.send("/breakers/mail-server/remove", ["confirmed": "yes"]).status == 303)
      #expect(try await test.send("/breakers/mail-server/remove", ["confirmed": "yes"]).status == 404)
    }
  }

  @Test func `show kinds with their schemas, and pause them`() async throws {
    try await TestAPI.run(worker: false) { test in
      #expect(try await test.page("/kinds", as: .viewer).text.contains("href=\"/kinds/send-receipt\""))
      let page = try await test.page("/kinds/send-receipt", as: .viewer)
      #expect(page.text.contains("&quot;orderID&quot;"))
      #expect(!page.text.contains("/kinds/send-receipt/pause"))
      #expect(try await test.send("/kinds/send-receipt/pause", ["reason": "a bug"], as: .operator).status == 303)
      #expect(try await test.engine.pausedKinds()["send-receipt"]?.reason == "a bug")
      #expect(try await test.page("/kinds/send-receipt").text.contains("a bug"))
      #expect(try await test.send("/kinds/send-receipt/resume", [:], as: .operator).status == 303)
      #expect(try await test.engine.pausedKinds().isEmpty)
      #expect(try await test.page("/kinds/nobody").status == 404)
    }
  }

  @Test func `offer nothing that concerns all to somebody of one organization`() async throws {
    try await TestAPI.run(worker: false) { test in
      _ = try await test.post(#"{"kind": "echo", "payload": {}, "queue": "mail"}"#)
      try await test.engine.addOrganization("north", title: nil, by: .system)
      let secret = try await test.engine.createToken(
        name: "north", role: .admin, expiresAt: nil, organization: "north", by: .system
      ).secret
      let headers: HTTPFields = [.authorization: "Bearer \(secret)"]
      for path in ["/queues/mail", "/limits", "/breakers", "/schedules", "/workers"] {
        let page = try await test.page(path, as: nil, headers: headers)
        #expect(page.status == 200, "\(path)")
        #expect(!page.text.contains("<form method=\"post\""), "\(path)")
      }
      // Nobody counts for an organization alone, so there are no numbers of others beside its own jobs.
      let jobs = try await test.page("/jobs", as: nil, headers: headers).text
      #expect(jobs.contains("<span>all</span></a>") && !jobs.contains("href=\"/dead-letters\""))
      let overview = try await test.page("/overview", as: nil, headers: headers).text
      #expect(overview.contains("of the whole installation") && !overview.contains("href=\"/jobs?state=running\""))
      #expect(try await test.page("/jobs").text.contains("<span>all</span> <b>1</b></a>"))
      // What the server has found out about itself, and what counts as slow, concerns all.
      #expect(try await test.call(.get, "/api/doctor", as: nil, headers: headers).status == 403)
      let threshold = "/api/profile/thresholds/echo"
      let put = try await test.call(.put, threshold, as: nil, headers: headers, body: #"{"p95": "2s"}"#)
      #expect(put.status == 403)
      #expect(try await test.call(.delete, threshold, as: nil, headers: headers).status == 403)
    }
  }
}
