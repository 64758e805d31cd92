import NIOHTTP1
import Nightshift
import TestSupport
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(5))) struct `The kind http` {
  private static let noon = Timestamp(microseconds: 1_767_268_800_000_000)
  private let http = HTTPKind()

  private func perform(_ payload: JSONValue, traceparent: String? = nil) async throws -> JSONValue {
    let bytes = payload.serialized()
    let call = try HTTPCall(parsing: bytes)
    return try await http.perform(
      call, idempotencyKey: call.idempotencyKey(for: "job_1", payload: bytes), traceparent: traceparent,
      now: Self.noon)
  }

  @Test func `says what its payloads look like in a schema that can be read`() throws {
    // The kind itself takes it for granted, and compiles it late.
    _ = try PayloadSchema(HTTPCall.schemaJSON)
  }

  @Test func `gets a page and keeps what it says`() async throws {
    let server = try await StubServer.start(
      .response(200, headers: ["Content-Type": "text/plain", "Set-Cookie": "session=1"], body: "hello"))

    let result = try await perform(["url": .string("\(server.url)/page?a=b")], traceparent: "00-1-2-01")

    #expect(result["status"] == 200)
    #expect(result["body"] == "hello")
    #expect(result["headers"]?["content-type"] == "text/plain")
    #expect(result["headers"]?["set-cookie"] == nil)
    let request = try #require(server.received.first)
    #expect(request.method == "GET")
    #expect(request.path == "/page?a=b")
    #expect(request.headers["Idempotency-Key"].isEmpty)
    #expect(request.headers["traceparent"] == ["00-1-2-01"])
  }

  @Test func `posts JSON with a key that is the same for each attempt`() async throws {
    let server = try await StubServer.start(
      .response(201, headers: ["Content-Type": "application/json"], body: #"{"id":7}"#))
    let payload: JSONValue = [
      "url": .string(server.url), "json": ["a": [1, nil]], "headers": ["X-Team": "blue"],
    ]

    let result = try await perform(payload)
    _ = try await perform(payload)
    _ = try await perform(["url": .string(server.url), "json": "edited"])

    #expect(result["json"] == ["id": 7])
    let requests = server.received
    #expect(requests.map(\.method) == ["POST", "POST", "POST"])
    #expect(requests[0].body == #"{"a":[1,null]}"#)
    #expect(requests[0].headers["Content-Type"] == ["application/json"])
    #expect(requests[0].headers["X-Team"] == ["blue"])
    let keys = requests.map { $0.headers["Idempotency-Key"].joined() }
    #expect(keys[0].hasPrefix("job_1-"))
    #expect(keys[0] == keys[1])
    #expect(keys[0] != keys[2])
  }

  @Test(arguments: [408, 425, 429, 500, 503])
  func `is tried again after a status that may pass`(_ status: Int) async throws {
    let server = try await StubServer.start(
      .response(status, headers: ["Retry-After": "120"], body: "busy"))

    let error = await #expect(throws: RetryableFailure.self) {
      try await perform(["url": .string(server.url)])
    }

    #expect(error?.type == "HTTP \(status)")
    #expect(error?.delay == .seconds(120))
    #expect(error?.detail == "busy")
  }

  @Test(arguments: [400, 401, 404, 410, 304])
  func `gives up after a status that will stay`(_ status: Int) async throws {
    let server = try await StubServer.start(.response(status))

    let error = await #expect(throws: PermanentFailureRecord.self) {
      try await perform(["url": .string(server.url)])
    }

    #expect(error?.failure.message == "GET was answered with status \(status)")
  }

  @Test func `takes the caller's word for which statuses are good and which may pass`() async throws {
    let server = try await StubServer.start(.response(404), .response(409), .response(200))
    let payload: JSONValue = ["url": .string(server.url), "expect": [404], "retryOn": ["4xx", 200]]

    #expect(try await perform(payload)["status"] == 404)
    await #expect(throws: RetryableFailure.self) { try await perform(payload) }
    await #expect(throws: RetryableFailure.self) { try await perform(payload) }
  }

  @Test(arguments: [StubServer.Answer.silence, .half])
  func `waits no longer than its timeout`(_ answer: StubServer.Answer) async throws {
    let server = try await StubServer.start(answer)

    let error = await #expect(throws: RetryableFailure.self) {
      try await perform(["url": .string(server.url), "timeout": "200ms"])
    }

    #expect(error?.description == "no whole answer within 200ms; it may have been acted upon")
  }

  @Test func `is tried again when the connection fails`() async throws {
    let server = try await StubServer.start(.close)

    let closed = await #expect(throws: RetryableFailure.self) {
      try await perform(["url": .string(server.url)])
    }
    // Nobody listens there: the port is privileged and not in use on a machine that runs tests.
    let refused = await #expect(throws: RetryableFailure.self) {
      try await perform(["url": "http://127.0.0.1:1/"])
    }

    #expect(closed?.type == "HTTP connection")
    #expect(refused?.type == "HTTP connection")
  }

  @Test func `follows no more than five redirects`() async throws {
    let server = try await StubServer.start(
      .response(302, headers: ["Location": "/1"]), .response(302, headers: ["Location": "/2"]),
      .response(302, headers: ["Location": "/3"]), .response(302, headers: ["Location": "/4"]),
      .response(302, headers: ["Location": "/5"]), .response(302, headers: ["Location": "/6"]))

    let error = await #expect(throws: PermanentFailureRecord.self) {
      try await perform(["url": .string(server.url)])
    }

    #expect(error?.failure.type == "HTTP request")
    #expect(server.received.count == 6)
  }

  @Test func `keeps no more of the answer than it is told`() async throws {
    let server = try await StubServer.start(.response(200, body: String(repeating: "ü", count: 1000)))

    let result = try await perform(["url": .string(server.url), "maxResponseBytes": 7])

    #expect(result["body"] == "üüü")
    #expect(result["truncated"] == true)
  }

  static let badPayloads: [(JSONValue, String)] = [
    ([:], "#"), (["url": "ftp://example.com"], "#/url"), (["url": "http://"], "#/url"),
    (["url": "/local"], "#/url"),
    (["url": "http://a", "method": "FETCH"], "#/method"),
    (["url": "http://a", "headers": ["A": 1]], "#/headers/A"),
    (["url": "http://a", "expect": [20]], "#/expect/0"),
    (["url": "http://a", "retryOn": ["6xx"]], "#/retryOn/0"),
    (["url": "http://a", "body": "a", "json": 1], "#"),
    (["url": "http://a", "retries": 3], "#/retries"),
    (["url": "http://a", "timeout": "30"], "#/timeout"),
    (["url": "http://a", "headers": ["A": "b\r\nC: d"]], "#/headers"),
  ]

  @Test(arguments: badPayloads)
  func `refuses a payload that is no call`(_ payload: JSONValue, _ pointer: String) throws {
    let error = #expect(throws: PermanentFailure.self) { try HTTPCall(parsing: payload.serialized()) }

    #expect(error?.description.contains("\(pointer):") == true, "\(error?.description ?? "")")
  }

  static let waits: [(String, Duration?)] = [
    ("0", .zero), ("120", .seconds(120)), (" 5 ", .seconds(5)), ("86400", .seconds(3600)),
    ("99999999999999999999", .seconds(3600)), ("-1", nil), ("soon", nil), ("", nil),
    ("Thu, 01 Jan 2026 12:01:00 GMT", .seconds(60)), ("Thursday, 01-Jan-26 12:01:00 GMT", .seconds(60)),
    ("Thu Jan 1 12:01:00 2026", .seconds(60)), ("Thu, 01 Jan 2026 11:00:00 GMT", .zero),
    ("Fri, 02 Jan 2026 12:00:00 GMT", .seconds(3600)),
  ]

  @Test(arguments: waits)
  func `understands Retry-After`(_ text: String, _ wait: Duration?) {
    #expect(RetryAfter.parse(text, now: Self.noon) == wait)
  }
}
