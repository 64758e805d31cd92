import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite(.timeLimit(.minutes(5))) struct `Bad input` {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var body: String
    var status: Int
    var message: String

    init(_ name: String, _ body: String, _ status: Int, _ message: String) {
      self.name = name
      self.body = body
      self.status = status
      self.message = message
    }

    var testDescription: String { name }
  }

  static let jobs = [
    Case("no JSON", "{\"kind\": ", 400, "line 1, column"),
    Case("an array", "[]", 400, "must be a JSON object"),
    Case("an empty body", "", 400, "is not JSON"),
    Case("deep nesting", String(repeating: "[", count: 5_000), 400, "line 1"),
    Case("a field twice", #"{"kind":"echo","kind":"echo"}"#, 400, "kind"),
    Case("no kind", "{}", 422, "#/kind: is missing"),
    Case("an unknown kind", #"{"kind":"ecko"}"#, 422, "did you mean `echo`?"),
    Case("a malformed kind", #"{"kind":"Echo Echo"}"#, 422, "#/kind: must be a kind"),
    Case("a kind of the wrong type", #"{"kind":7}"#, 422, "#/kind: must be a kind: 1 to 100"),
    Case(
      "an over-long kind", #"{"kind":"\#(String(repeating: "a", count: 101))"}"#, 422,
      "#/kind: must be a kind"),
    Case(
      "an unknown field", #"{"kind":"echo","prioritty":"high"}"#, 422,
      "#/prioritty: is not a known field: did you mean `priority`?"),
    Case("a field with a slash", #"{"kind":"echo","a/b":1}"#, 422, "#/a~1b: is not a known field"),
    Case(
      "an unknown priority", #"{"kind":"echo","priority":"hihg"}"#, 422,
      "#/priority: must be one of critical, high, normal, low; got \"hihg\": did you mean `high`?"),
    Case("a queue with spaces", #"{"kind":"echo","queue":"a b"}"#, 422, "#/queue: must be a queue"),
    Case(
      "a moment that is none", #"{"kind":"echo","runAt":"2026-02-30T08:00:00Z"}"#, 422,
      "#/runAt: must be a moment such as"),
    Case(
      "a bare number as delay", #"{"kind":"echo","delay":300}"#, 422,
      "#/delay: must be a length of time such as"),
    Case(
      "two due times", #"{"kind":"echo","delay":"1s","runAt":"2026-12-01T08:00:00Z"}"#, 422,
      "#/delay: and `runAt` both"),
    Case(
      "a NUL in a unique key", #"{"kind":"echo","unique":{"key":"a\u0000"}}"#, 422,
      "#/unique/key: must not contain the character NUL"),
    Case(
      "a NUL in a throttle's key", #"{"kind":"echo","throttle":{"key":"\u0000","per":"1s"}}"#, 422,
      "#/throttle/key: must not contain the character NUL"),
    Case("a NUL in a limit key", #"{"kind":"echo","limitKey":"\u0000a"}"#, 422, "#/limitKey: must not contain"),
    Case("a NUL in a tag", #"{"kind":"echo","tags":["a\u0000"]}"#, 422, "#/tags/0: must not contain"),
    Case("no timeout at all", #"{"kind":"echo","timeout":"0s"}"#, 422, "more than 0; got \"0s\""),
    Case(
      "no attempts", #"{"kind":"echo","maxAttempts":0}"#, 422,
      "#/maxAttempts: must be a whole number from 1 to 1000; got 0"),
    Case(
      "half an attempt", #"{"kind":"echo","maxAttempts":1.5}"#, 422, "#/maxAttempts: must be a whole number"),
    Case(
      "too many tags", #"{"kind":"echo","tags":[\#((0..<21).map { "\"t\($0)\"" }.joined(separator: ","))]}"#,
      422, "#/tags: must be an array of at most 20"),
    Case(
      "an over-long tag", #"{"kind":"echo","tags":["a","\#(String(repeating: "x", count: 101))"]}"#, 422,
      "#/tags/1: must be a text of 1 to 100 bytes"),
    Case(
      "an over-long key", #"{"kind":"echo","unique":{"key":"\#(String(repeating: "x", count: 201))"}}"#, 422,
      "#/unique/key: must be a text of 1 to 200"),
    Case(
      "an unknown conflict", #"{"kind":"echo","unique":{"onConflict":"drip"}}"#, 422, "did you mean `drop`?"),
    Case(
      "a debounce without its time", #"{"kind":"echo","debounce":{"key":"k"}}"#, 422,
      "#/debounce/quiet: is missing: say how long"),
    Case(
      "a misspelt field of a debounce", #"{"kind":"echo","debounce":{"quite":"1s"}}"#, 422,
      "#/debounce/quite: is not a known field: did you mean `quiet`?"),
    Case(
      "a debounce beside unique", #"{"kind":"echo","unique":{"key":"k"},"debounce":{"quiet":"1s"}}"#, 422,
      "#/debounce: and `unique` both say"),
    Case(
      "a debounce beside a delay", #"{"kind":"echo","delay":"1h","debounce":{"quiet":"1s"}}"#, 422,
      "#/debounce: says when the job is due"),
    Case(
      "a throttle of nothing", #"{"kind":"echo","throttle":{"limit":0,"per":"1h"}}"#, 422,
      "#/throttle/limit: must be a whole number from 1 to 1000; got 0"),
    Case(
      "an unknown excess", #"{"kind":"echo","throttle":{"per":"1h","excess":"latre"}}"#, 422, "did you mean `later`?"),
    Case("unique as a text", #"{"kind":"echo","unique":"x"}"#, 422, "#/unique: must be an object; got \"x\""),
    Case(
      "a payload against its schema", #"{"kind":"send-receipt","payload":{"orderID":"7"}}"#, 422,
      "#/payload/orderID: must be"),
    Case("a payload that lacks a field", #"{"kind":"send-receipt","payload":{}}"#, 422, "orderID"),
    Case(
      "a payload that is too large",
      #"{"kind":"echo","payload":"\#(String(repeating: "x", count: 1 << 20))"}"#, 422, "#/payload: has"),
    Case(
      "a body that is too large", #"{"kind":"echo","payload":"\#(String(repeating: "x", count: 3 << 20))"}"#,
      413, "larger than"),
  ]

  @Test(arguments: jobs) func `in a job is refused with its place and its remedy`(_ bad: Case) async throws {
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(.post, "/api/jobs", body: bad.body)
      #expect(answer.status == bad.status)
      #expect((answer.errors + [answer.detail]).contains { $0.contains(bad.message) }, "\(answer.text)")
      #expect(answer.headers[.contentType] == "application/problem+json")
      #expect(answer.json["status"]?.intValue == bad.status)
      #expect(answer.json["requestId"]?.stringValue == answer.headers[RequestIdentifier.field])
      #expect(try await test.engine.jobs(JobFilter()).jobs.isEmpty, "nothing was stored")
    }
  }

  @Test func `in UTF-8 is refused`() async throws {
    try await TestAPI.run(worker: false) { test in
      let client = try await RawClient.serve(test) { client in
        try await client.exchange(
          Array(
            "POST /api/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(test.tokens[.admin]!)\r\n".utf8)
            + Array("Content-Type: application/json\r\nContent-Length: 12\r\nConnection: close\r\n\r\n".utf8)
            + Array(#"{"kind":""#.utf8) + [0xff] + Array(#""}"#.utf8))
      }
      #expect(client.hasPrefix("HTTP/1.1 400 "))
      #expect(client.contains("line 1, column 10"))
    }
  }

  @Test func `that comes compressed is refused as such`() async throws {
    try await TestAPI.run(worker: false) { test in
      let answer = try await RawClient.serve(test) { client in
        try await client.exchange(
          "POST /api/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(test.tokens[.admin]!)\r\n"
            + "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n"
            + "Connection: close\r\n\r\n{}")
      }
      #expect(answer.hasPrefix("HTTP/1.1 415 "))
      #expect(answer.contains("Content-Encoding: gzip"))
    }
  }

  static let requests: [(String, HTTPRequest.Method, String, String?, Int, String)] = [
    ("unknown path", .get, "/api/nothing", nil, 404, "There is nothing at this path"),
    ("wrong method", .put, "/api/jobs", nil, 405, "GET, HEAD, OPTIONS, POST"),
    ("broken escape in the path", .get, "/api/jobs/%ff", nil, 400, "escaped UTF-8"),
    ("broken escape in the query", .get, "/api/jobs?kind=%zz", nil, 400, "escaped UTF-8"),
    ("NUL in a search", .get, "/api/jobs?search=%00zzzz", nil, 422, "search: must not contain the character NUL"),
    ("NUL in a name", .get, "/api/schedules?a%00=1", nil, 422, "must not contain the character NUL"),
    (
      "NUL in a filter", .post, "/api/jobs/cancel", #"{"filter": {"search": "\u0000z"}, "dryRun": true}"#, 422,
      "#/filter/search: must not contain the character NUL"
    ),
    ("unknown parameter", .get, "/api/jobs?stat=dead", nil, 422, "did you mean `state`?"),
    ("parameter where there is none", .get, "/api/queues?x=1", nil, 422, "this route has none"),
    ("unknown state", .get, "/api/jobs?state=dread", nil, 422, "did you mean `dead`?"),
    ("limit too large", .get, "/api/jobs?limit=201", nil, 422, "from 1 to 200; got \"201\""),
    ("limit twice", .get, "/api/jobs?limit=1&limit=2", nil, 422, "must occur only once"),
    ("malformed cursor", .get, "/api/jobs?cursor=abc", nil, 422, "the `next` of an earlier answer"),
    ("token in the URL", .get, "/api/jobs?token=abc", nil, 400, "never goes into the URL"),
    ("id that is none", .get, "/api/jobs/7", nil, 404, "an id is job_"),
    ("id of no job", .get, "/api/jobs/job_0000000000001", nil, 404, "There is no job job_0000000000001"),
    ("no such queue", .post, "/api/queues/nothing/resume", nil, 404, "There is no queue"),
    ("no such worker", .post, "/api/workers/wrk_1/stop", nil, 404, "There is no live worker"),
    ("field for a pause", .post, "/api/queues/q/pause", #"{"raeson":"x"}"#, 422, "did you mean `reason`?"),
    ("field for a resume", .post, "/api/queues/q/resume", #"{"a":1}"#, 422, "#/a: is not a known field"),
    ("field for a worker", .post, "/api/workers/all/drain", #"{"queue":"q"}"#, 422, "#/queue: is not a known field"),
    ("field for a discard", .delete, "/api/jobs/job_0000000000001", #"{"force":true}"#, 422, "#/force: is not"),
    ("words where nothing is expected", .post, "/api/workers/all/stop", "now", 400, "is not JSON"),
    ("sequence that is none", .get, "/api/jobs/job_0000000000001/logs?after=x", nil, 422, "the `sequence` of a line"),
    ("log lines of no job", .get, "/api/jobs/job_0000000000001/logs", nil, 404, "There is no job"),
    ("event id that is none", .get, "/api/events?lastEventId=latest", nil, 400, "must be the id of a message"),
    (
      "statistics that end before they begin", .get,
      "/api/stats?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", nil, 422, "earlier than `to`"
    ),
    ("unknown grouping", .get, "/api/stats?by=week", nil, 422, "hour, day, queue, kind"),
    ("filter that narrows nothing", .post, "/api/jobs/cancel", #"{"filter":{}}"#, 422, "names no jobs"),
    (
      "filter that narrows all", .post, "/api/jobs/cancel", #"{"filter":{"all":true,"kind":"echo"}}"#, 422,
      "says `all` and narrows"
    ),
    ("neither ids nor filter", .post, "/api/jobs/retry", "{}", 422, "send one of them"),
    (
      "misspelt filter", .post, "/api/jobs/discard", #"{"filter":{"kinds":"echo"}}"#, 422,
      "did you mean `kind`?"
    ),
    ("wrong ids", .post, "/api/jobs/cancel", #"{"ids":["x"]}"#, 422, "#/ids/0"),
    ("token without a role", .post, "/api/tokens", #"{"name":"x"}"#, 422, "#/role: is missing"),
    (
      "token of the past", .post, "/api/tokens",
      #"{"name":"x","role":"viewer","expiresAt":"2020-01-01T00:00:00Z"}"#, 422, "must lie in the future"
    ),
  ]

  @Test(arguments: requests.indices) func `in a request is refused`(_ index: Int) async throws {
    let (name, method, path, body, status, message) = Self.requests[index]
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(method, path, body: body)
      #expect(answer.status == status, "\(name): \(answer.text)")
      #expect((answer.errors + [answer.detail]).contains { $0.contains(message) }, "\(name): \(answer.text)")
      if status == 405 { #expect(answer.headers[.allow] == message) }
    }
  }

  @Test func `in headers is refused`() async throws {
    try await TestAPI.run(worker: false) { test in
      let typed = try await test.call(.post, "/api/jobs", headers: [.contentType: "text/plain"], body: "{}")
      #expect(typed.status == 415)
      #expect(typed.detail.contains("must be `application/json`; got `text/plain`"))
      let basic = try await test.call(.get, "/api/jobs", as: nil, headers: [.authorization: "Basic abc"])
      #expect(basic.status == 401)
      #expect(basic.detail.contains("must be `Bearer TOKEN`"))
      let wrong = try await test.call(.get, "/api/jobs", as: nil, headers: [.authorization: "Bearer abc"])
      #expect(wrong.status == 401)
      #expect(wrong.headers[.wwwAuthenticate]?.contains("invalid_token") == true)
      let key = try await test.call(
        .post, "/api/jobs", headers: [.idempotencyKey: String(repeating: "k", count: 201)],
        body: #"{"kind":"echo"}"#)
      #expect(key.status == 422)
      #expect(key.errors == ["Idempotency-Key: must be 1 to 200 bytes long"])
    }
  }

  @Test func `in a batch is named by its index, and nothing is stored`() async throws {
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(
        .post, "/api/jobs/batch", body: #"{"jobs":[{"kind":"echo"},{"kind":"echo","queue":7},{"quue":"a"}]}"#)
      #expect(answer.status == 422)
      #expect(
        answer.errors.map { $0.prefix { $0 != ":" } } == ["#/jobs/1/queue", "#/jobs/2/quue", "#/jobs/2/kind"])
      let payload = try await test.call(
        .post, "/api/jobs/batch",
        body: #"{"jobs":[{"kind":"echo"},{"kind":"send-receipt","payload":{"orderID":0}}]}"#)
      #expect(payload.errors.first?.hasPrefix("#/jobs/1/payload/orderID: ") == true, "\(payload.text)")
      let empty = try await test.call(.post, "/api/jobs/batch", body: #"{"jobs":[]}"#)
      #expect(empty.errors.first?.contains("an array of 1 to 10000 jobs") == true)
      #expect(try await test.engine.jobs(JobFilter()).jobs.isEmpty)
    }
  }
}
