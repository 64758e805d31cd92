import Foundation
import HTTPTypes
import Nightshift
import Testing
import Yams

@testable import NightshiftServer

@Suite struct `The page of workers` {
  @Test func `shows what each runs, and stops and starts them`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind": "wait", "payload": {}}"#)
      try await test.begin(of: id)
      let page = try await test.page("/workers", as: .viewer)
      #expect(page.status == 200)
      #expect(page.text.contains("/jobs/\(id)"))
      #expect(!page.text.contains("<form method=\"post\""))
      let worker = try #require(try await test.engine.workers().first)
      #expect(try await test.send("/workers/\(worker.id)/stop", [:], as: .member).status == 403)
      #expect(try await test.send("/workers/\(worker.id)/stop", [:], as: .operator).status == 303)
      #expect(try await test.engine.workers().first?.mode == .stopped)
      #expect(try await test.send("/workers/all/start", [:], as: .operator).status == 303)
      #expect(try await test.engine.workers().first?.mode == .running)
      #expect(try await test.send("/workers/nobody/stop", [:]).status == 404)
    }
  }

  @Test func `names a member's own jobs only`() async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind": "wait", "payload": {}}"#)
      try await test.begin(of: id)
      #expect(try await !test.page("/workers", as: .member).text.contains(id))
    }
  }
}

@Suite struct `The pages of workflows` {
  private func add(_ test: TestAPI) async throws -> String {
    let answer = try await test.call(
      .post, "/api/workflows",
      body: """
        {"name": "<night>", "jobs": [{"ref": "a", "kind": "fail"},
        {"ref": "b", "kind": "echo", "dependsOn": ["a"], "onDeath": "hold"},
        {"ref": "c", "kind": "echo", "dependsOn": ["b"]}]}
        """)
    return try #require(answer.json["id"]?.stringValue, "\(answer.text)")
  }

  @Test func `draw the graph, list its jobs, and let held ones go on`() async throws {
    try await TestAPI.run { test in
      #expect(try await test.page("/workflows").text.contains("There are no workflows yet"))
      let id = try await add(test)
      let workflow = try #require(try await test.engine.workflow(WorkflowID(id)!))
      _ = try await test.end(of: "\(workflow.jobs[0].id)")
      let list = try await test.page("/workflows", as: .viewer)
      #expect(list.text.contains("&lt;night&gt;"))
      let page = try await test.page("/workflows/\(id)", as: .operator)
      #expect(page.status == 200)
      #expect(page.text.matches(of: /class="graph-node/).count == 3)
      #expect(page.text.matches(of: /class="graph-edge/).count == 2)
      #expect(page.text.contains("a job that it depends on has died"))
      let job = workflow.jobs[1].id
      #expect(try await test.send("/workflows/\(id)/release", ["job": "\(job)"], as: .viewer).status == 403)
      #expect(try await test.send("/workflows/\(id)/release", ["job": "nothing"]).status == 422)
      #expect(try await test.send("/workflows/\(id)/release", ["job": "\(job)"], as: .operator).status == 303)
      #expect(try await test.end(of: "\(workflow.jobs[2].id)")?.summary.state == .completed)
      #expect(try await test.send("/workflows/\(id)/cancel", [:]).status == 409)
    }
  }

  @Test func `cancel what has not ended`() async throws {
    try await TestAPI.run(worker: false) { test in
      let id = try await add(test)
      #expect(try await !test.page("/workflows/\(id)", as: .viewer).text.contains("<form method=\"post\""))
      #expect(try await test.send("/workflows/\(id)/cancel", ["reason": "enough"], as: .operator).status == 303)
      #expect(try await test.engine.workflow(WorkflowID(id)!)?.summary.state == .cancelled)
      #expect(try await test.page("/workflows/wfl_0000000000000").status == 404)
    }
  }

  @Test func `put each job to the right of all that it waits for`() {
    let ties = [(from: 0, to: 1), (from: 0, to: 2), (from: 1, to: 3), (from: 2, to: 3), (from: 0, to: 3)]
    let columns = WorkflowGraph.columns(count: 5, ties)
    #expect(columns.map { $0.sorted() } == [[0, 4], [1, 2], [3]])
    #expect(WorkflowGraph.columns(count: 0, []).flatMap(\.self).isEmpty)
  }
}

@Suite struct `The page of the profile` {
  @Test func `shows where the time of each kind went, and sets what counts as slow`() async throws {
    try await TestAPI.run { test in
      #expect(try await test.page("/profile").text.contains("Nothing was measured in this time"))
      let id = try await test.post(#"{"kind": "echo", "payload": {}}"#)
      _ = try await test.end(of: id)
      await test.engine.flushProfile()
      let page = try await test.page("/profile?period=7d", as: .viewer)
      #expect(page.status == 200)
      #expect(page.text.contains("Whole attempts"))
      #expect(page.text.contains("/jobs/\(id)"))
      #expect(!page.text.contains("<form method=\"post\""))
      #expect(try await test.page("/profile?kind=fail").text.contains("Nothing was measured"))
      #expect(try await test.page("/profile?period=2d").status == 422)
      let fields: KeyValuePairs = ["p95": "2s", "over": "5m", "return": "/profile?kind=echo"]
      #expect(try await test.send("/profile/echo/watch", fields, as: .member).status == 403)
      let sent = try await test.send("/profile/echo/watch", fields, as: .operator)
      #expect(sent.status == 303)
      #expect(sent.headers[.location] == "/profile?kind=echo")
      #expect(try await test.engine.slowThresholds()["echo"]?.p95 == .seconds(2))
      #expect(try await test.send("/profile/echo/watch", ["p95": "fast"]).status == 422)
      #expect(try await test.send("/profile/echo/unwatch", [:]).status == 303)
      #expect(try await test.engine.slowThresholds().isEmpty)
    }
  }
}

@Suite struct `The API reference` {
  @Test func `has every route of the API`() async throws {
    try await TestAPI.run(worker: false) { test in
      let page = try await test.page("/reference", as: .viewer)
      #expect(page.status == 200)
      for route in RouteTable.api.routes where route.surface == .api {
        #expect(page.text.contains("<code>\(SafeText.escape("\(route.path)"))</code>"), "\(route.path)")
      }
      #expect(page.text.contains("curl -X POST"))
    }
  }

  @Test func `is what the file says, which is in the binary`() async throws {
    let file = URL(filePath: #filePath).appending(path: "../../../../docs/openapi.yaml").standardized
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect("\(try #require(EmbeddedFiles.all.first { $0.name == "openapi.yaml" }).text)" == text)
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(.get, "/openapi.json", as: .viewer)
      #expect(answer.status == 200)
      let loaded = try Yams.load(yaml: text)
      let expected = try JSONSerialization.data(withJSONObject: try #require(loaded), options: [.sortedKeys])
      let found = try JSONSerialization.data(
        withJSONObject: try JSONSerialization.jsonObject(with: Data(answer.body)), options: [.sortedKeys])
      #expect(found == expected)
      let etag = try #require(answer.headers[.eTag])
      #expect(try await test.call(.get, "/openapi.json", headers: [.ifNoneMatch: etag]).status == 304)
      #expect(try await test.call(.get, "/openapi.json", as: nil).status == 401)
    }
  }
}
