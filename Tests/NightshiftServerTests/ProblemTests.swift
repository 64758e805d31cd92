import HTTPTypes
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `A problem` {
  @Test func `of what others took away meanwhile is a conflict that says what`() {
    let problem = Problem(StoreError(.overtaken, "The job job_1 is not there."))
    #expect(problem.status == .conflict && problem.detail == "The job job_1 is not there.")
  }

  static let storeErrors: [(StoreError.Code, status: Int, retryAfter: String?)] = [
    (.unavailable, 503, "1"), (.overloaded, 503, "1"), (.full, 507, "60"), (.readOnly, 503, "60"),
    (.conflict, 409, nil), (.corrupt, 500, nil), (.wrongVersion, 503, "60"), (.leaseLost, 500, nil),
    (.invalid, 500, nil),
  ]

  @Test(arguments: storeErrors.indices) func `of the store tells what to do and nothing of the inside`(
    _ index: Int
  ) {
    let (code, status, retryAfter) = Self.storeErrors[index]
    let problem = Problem(StoreError(code, "SECRET", cause: "/secret/path"))
    #expect(problem.status.code == status)
    #expect(problem.headers[.retryAfter] == retryAfter)
    #expect(!problem.json(requestID: "1").description.lowercased().contains("secret"))
    #expect(problem.cause?.contains("/secret/path") == true, "the log has it")
  }

  @Test func `of an unknown kind tells nothing of the inside either`() {
    struct Leak: Error {}
    let problem = Problem(Leak())
    #expect(problem.status == .internalServerError)
    #expect(!problem.detail.contains("Leak"))
    #expect(problem.cause == "Leak()")
  }

  @Test func `is written as RFC 9457 has it`() {
    let problem = Problem.invalid([.init("#/a", "is wrong"), .init(parameter: "b", "is wrong too")])
    #expect(
      problem.json(requestID: "r") == [
        "type": "about:blank", "title": "Unprocessable Content", "status": 422, "code": "invalid",
        "detail": "#/a is wrong (and 1 more in `errors`)", "requestId": "r",
        "errors": [
          ["pointer": "#/a", "detail": "is wrong"], ["parameter": "b", "detail": "is wrong too"],
        ],
      ])
  }
}

@Suite struct `A remedy in words of HTTP` {
  @Test func `stands apart, for front ends that have others`() async throws {
    try await TestAPI.run(worker: false) { test in
      let answer = try await test.call(.post, "/api/queues/nothing/resume")
      #expect(answer.detail == "There is no queue \"nothing\".")
      #expect(answer.json["remedy"] == "`GET /api/queues` lists those there are.")
    }
  }
}

@Suite struct `Headers of a request` {
  @Test(
    arguments: [
      ("wait=30", 30), ("respond-async, wait=100", 60), ("WAIT=5; foo", 5), ("wait=x", nil), ("wait=0", nil),
      ("handling=lenient", nil),
    ] as [(String, Int?)])
  func `say how long to wait`(_ field: String, _ seconds: Int?) {
    #expect(([.prefer: field] as HTTPFields).preferredWait() == seconds)
  }

  @Test(arguments: [
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
    ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", true),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false),
    ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
    ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
    ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false), ("", false),
  ])
  func `carry a trace context, unless it is malformed`(_ field: String, _ isValid: Bool) {
    #expect((([.traceContext: field] as HTTPFields).validTraceparent != nil) == isValid)
  }

  @Test(arguments: [
    (#"W/"1""#, true), (#""1""#, true), (#""0", W/"1""#, true), ("*", true), (#""2""#, false),
  ])
  func `are compared weakly with an entity tag`(_ field: String, _ isKnown: Bool) {
    #expect(([.ifNoneMatch: field] as HTTPFields).matches(etag: #"W/"1""#) == isKnown)
  }
}
