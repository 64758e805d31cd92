import HTTPTypes
import Nightshift
import NightshiftTesting
import ServiceLifecycle
import Testing

@testable import NightshiftServer

@Suite struct `A stream that lasts` {
  @Test func `gives a sign of life every 15 seconds`() async throws {
    let clock = TestClock()
    try await TestAPI.run(worker: false, clock: clock) { test in
      let feed = try await test.feed("/api/events")
      var signs = 0
      try await clock.passing(LiveLoop.keepAliveInterval) {
        await #expect(throws: Enough.self) {
          _ = try await feed.run { item in
            if case .keepAlive = item { signs += 1 }
            if signs == 4 { throw Enough() }
          }
        }
      }
      #expect(signs == 4)
    }
  }

  @Test(arguments: [1, 3, 50, 1_000])
  func `tells everything exactly once, however often it breaks off`(_ itemsEach: Int) async throws {
    try await TestAPI.run { test in
      let id = try await test.post(#"{"kind":"count"}"#)
      var numbers: [Int] = []
      var lastID = ""
      var isOver = false
      while !isOver {
        let feed = try await test.feed("/api/jobs/\(id)/events?lastEventId=\(lastID)")
        guard !feed.isOver else { break }
        var left = itemsEach + 1  // The snapshot always comes first.
        do {
          _ = try await feed.run { item in
            guard case .message(let message) = item else { return }
            if left == 0 { throw Enough() }
            left -= 1
            lastID = message.id ?? lastID
            numbers += message.numbers
            if numbers.count == 300 { test.latch.open() }
            isOver = message.type == "end"
          }
        } catch is Enough {}
      }
      #expect(numbers == Array(0..<300))
    }
  }

  @Test func `ends when its token is revoked`() async throws {
    let clock = TestClock()
    try await TestAPI.run(worker: false, clock: clock) { test in
      let feed = try await test.feed("/api/events")
      #expect(try await test.engine.revokeToken("viewer", by: .system))
      let end = try await clock.passing(LiveLoop.keepAliveInterval) { try await feed.run { _ in } }
      #expect(end == .notAllowed)
    }
  }

  @Test func `tells nothing more once its token is revoked, before the next sign of life`() async throws {
    try await TestAPI.run(worker: false) { test in
      let feed = try await test.feed("/api/events")
      var told: [String] = []
      let end = try await feed.run { item in
        if case .message(let message) = item { told.append(message.type) }
        // The first item says that the subscription has begun, the second that the job came before the revocation.
        if case .keepAlive = item { _ = try await test.post(#"{"kind": "echo"}"#) }
        guard told.count == 1 else { return }
        let isRevoked = try await test.engine.revokeToken("viewer", by: .system)
        #expect(isRevoked)
        _ = try await test.post(#"{"kind": "echo"}"#)
      }
      #expect(end == .notAllowed)
      #expect(told == ["state"])
    }
  }

  @Test(arguments: [(Role.member, String?.none), (.operator, "globex")])
  func `ends when its person's rights change, though they would do for the path`(
    _ role: Role, _ organization: String?
  ) async throws {
    let clock = TestClock()
    try await TestAPI.run(worker: false, clock: clock) { test in
      for name in ["acme", "globex"] { try await test.engine.addOrganization(name, title: nil, by: .system) }
      let password = "a long enough one"
      _ = try await test.engine.addUser("olga", role: .operator, organization: "acme", password: password, by: .system)
      let secret = try await test.engine.signIn("olga", password: password, address: nil, agent: nil)
      let feed = try await test.feed("/api/events", [.cookie: "nightshift_session=\(secret)"])
      let end = try await clock.passing(LiveLoop.keepAliveInterval) {
        try await feed.run { _ in
          var change = UserChange()
          (change.role, change.organization) = (role, .some(organization ?? "acme"))
          _ = try await test.engine.changeUser("olga", change, by: .system)
        }
      }
      #expect(end == .notAllowed)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `drops a client that is too slow`() async throws {
    try await TestAPI.run(worker: false) { test in
      let feed = try await test.feed("/api/events")
      // More than the subscription and the loop before the client hold together.
      let count = EventHub.subscriberLimit * 2 + 1_000
      let drafts = Array(repeating: JobDraft(kind: "echo", payload: Array("{}".utf8)), count: count)
      await #expect(throws: SlowSubscriber.self) {
        _ = try await feed.run { item in
          // The first item says that the subscription has begun. The client takes nothing more until it is dropped.
          guard case .keepAlive = item else { return }
          _ = try await test.engine.submit(drafts, actor: .system)
          while test.engine.events.subscriberCount > 0 { await Task.yield() }
        }
      }
    }
  }

  @Test func `does not hold up a server that stops`() async throws {
    try await TestAPI.run { test in
      let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
      let server = APIServer(
        engine: test.engine, host: "127.0.0.1", port: 0, logger: test.api.logger,
        onRunning: { continuation.yield($0) })
      let services = ServiceGroup(configuration: .init(services: [server], logger: test.api.logger))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        var iterator = ports.makeAsyncIterator()
        let client = RawClient(port: try #require(await iterator.next()))
        try await client.session([]) { idle in
          try await client.session(test.events("/api/events")) { events in
            _ = try await events.text(upTo: ": keep-alive")
            let request = test.handshake("/api/events", protocols: "bearer.\(test.tokens[.viewer]!)")
            try await client.session(request) { socket in
              _ = try await socket.text(upTo: "\r\n\r\n")
              await services.triggerGracefulShutdown()
              while try await socket.message() != nil {}
              #expect(socket.closeCode == 1001)
            }
            #expect(
              String(decoding: try await events.rest(), as: UTF8.self).hasSuffix("0\r\n\r\n"),
              "ended in order")
          }
          #expect(try await idle.rest().isEmpty)
        }
        try await group.waitForAll()
      }
    }
  }
}

private struct Enough: Error {}

extension LiveMessage {
  /// What the kind `count` has said in it.
  fileprivate var numbers: [Int] {
    switch type {
    case "log": [data["message"]?.stringValue].compactMap { $0.flatMap { Int($0) } }
    case "event": [data["data"]?.intValue].compactMap { $0 }
    case "snapshot":
      (data["logs"]?.arrayValue ?? []).compactMap { line in
        let text = line["message"]?.stringValue ?? ""
        return Int(text) ?? JSONValue(stored: Array(text.utf8))["data"]?.intValue
      }
    default: []
    }
  }
}

extension TestAPI {
  /// The feed of a live route, as a caller with the role `viewer` gets it.
  fileprivate func feed(_ path: String, _ headers: HTTPFields? = nil) async throws -> any LiveFeed {
    let head = HTTPRequest(
      method: .get, scheme: "http", authority: "a", path: path,
      headerFields: headers ?? [.authorization: "Bearer \(tokens[.viewer]!)"])
    let (route, request) = try await Gate(
      api: api, head: head, origin: .socket(address: nil, isLoopback: false)
    ).admit()
    guard case .live(let handler) = route.handler else { throw Enough() }
    return try await handler(request)
  }
}

extension TestClock {
  /// Lets time pass, a step each time somebody else had a turn, while `body` runs.
  @discardableResult
  fileprivate func passing<Value>(_ step: Duration, _ body: () async throws -> Value) async throws -> Value {
    let time = Task {  // Cancelled below.
      while !Task.isCancelled {
        advance(by: step)
        await Task.yield()
      }
    }
    defer { time.cancel() }
    return try await body()
  }
}
