import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Nightshift
import NightshiftSQLite
import Synchronization

@testable import NightshiftServer

/// An API over an engine of its own, in a fresh file, with some kinds and a token for each role.
struct TestAPI: Sendable {
  let engine: Engine
  let api: API
  let tokens: [Role: String]
  /// Handlers of the kind `wait` return once it is open.
  let latch: Latch

  /// - Parameter worker: Whether jobs are run, or just stay ready.
  static func run<Value>(
    worker: Bool = true, allowedOrigins: [String] = [], options: ServerOptions = ServerOptions(),
    clock: any WallClock = SystemClock(), configure: (inout EngineConfiguration) -> Void = { _ in },
    _ body: (TestAPI) async throws -> Value
  ) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // A temporary folder: what stays is harmless.
    var configuration = EngineConfiguration()
    configuration.concurrency = 4
    configuration.passwordCost = 4
    configuration.clock = clock
    configure(&configuration)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let engine = try await Engine(
      .sqlite(path: folder.appending(path: "test.db").path), configuration: configuration, logger: logger)
    let latch = Latch()
    for kind in try TestKinds.all(latch) { try await engine.register(kind) }
    var tokens: [Role: String] = [:]
    for role in Role.allCases {
      tokens[role] = try await engine.createToken(name: "\(role)", role: role, expiresAt: nil, by: .system)
        .secret
    }
    var options = options
    options.allowedOrigins += allowedOrigins
    var api = API(engine: engine, options: options, logger: logger)
    api.jwt = try options.jwt.map { try JWTVerifier($0, clock: clock, logger: logger) }
    let test = TestAPI(engine: engine, api: api, tokens: tokens, latch: latch)
    let running = Task { if worker { try await engine.run() } }  // Ended by `stop`.
    let result: Result<Value, any Error>
    do { result = .success(try await body(test)) } catch { result = .failure(error) }
    latch.open()
    await engine.stop(gracePeriod: .zero)
    try await running.value
    await engine.close()
    return try result.get()
  }

  /// Sends a request as a client from another machine.
  func call(
    _ method: HTTPRequest.Method, _ path: String, as role: Role? = .admin, headers: HTTPFields = [:],
    body: String? = nil, from origin: Origin = .socket(address: "192.0.2.7", isLoopback: false)
  ) async throws -> TestAnswer {
    var headers = headers
    if let role { headers[.authorization] = "Bearer \(tokens[role]!)" }
    if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
    let head = HTTPRequest(
      method: method, scheme: "http", authority: "example.test", path: path, headerFields: headers)
    let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body ?? "")))
    let response = await api.respond(to: request, from: origin)
    let collected = Collected()
    try await response.body.write(CollectingWriter(collected: collected))
    return TestAnswer(
      status: response.status.code, headers: response.headers,
      body: collected.bytes)
  }

  /// Posts a job and gives its id.
  func post(_ body: String) async throws -> String {
    try await call(.post, "/api/jobs", body: body).json["id"]?.stringValue ?? "none"
  }

  /// Returns once the job's handler has begun, which the kind `wait` says in its log.
  func begin(of id: String) async throws {
    guard let id = JobID(id) else { return }
    let events = try await engine.listen(EventFilter(job: id))
    guard try await engine.logs(of: id, after: 0, limit: 1).isEmpty else { return }
    for try await delivery in events {
      if case .event(_, let event) = delivery, case .log = event.body { return }
    }
  }

  /// The job once it has ended.
  func end(of id: String) async throws -> JobDetail? {
    guard let id = JobID(id) else { return nil }
    return try await engine.waitForEnd(of: id, timeout: .seconds(20))
  }
}

struct TestAnswer: Sendable {
  var status: Int
  var headers: HTTPFields
  var body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }  // An answer without a body has no fields.
  var detail: String { json["detail"]?.stringValue ?? "" }
  /// `pointer: detail` of each error.
  var errors: [String] {
    (json["errors"]?.arrayValue ?? []).map { error in
      let place = error["pointer"] ?? error["parameter"] ?? error["header"]
      return "\(place?.stringValue ?? "?"): \(error["detail"]?.stringValue ?? "?")"
    }
  }
}

/// A body as it comes in.
private final class Collected: Sendable {
  private let buffer = Mutex(ByteBuffer())

  var bytes: [UInt8] { Array(buffer.withLock { $0 }.readableBytesView) }

  func add(_ piece: ByteBuffer) { buffer.withLock { _ = $0.writeImmutableBuffer(piece) } }
}

private struct CollectingWriter: ResponseBodyWriter {
  let collected: Collected

  mutating func write(_ buffer: ByteBuffer) async throws { collected.add(buffer) }
  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// Something that many wait for, once.
final class Latch: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func open() { continuation.finish() }

  /// Returns when it is open, or the task is cancelled.
  func wait() async { for await _ in stream {} }
}

enum TestKinds {
  static func all(_ latch: Latch) throws -> [KindRegistration] {
    [
      kind("echo") { context, payload in
        context.progress(0.5, "half")
        context.log("hello")
        return payload
      },
      kind("artifact") { context, _ in
        try await context.attach("report.txt", type: "text/plain", Array("Grüße".utf8))
        try await context.attach("page.html", type: "text/html", Array("<script>1</script>".utf8))
        return nil
      },
      // Says the numbers from 0 to 299, every third as an event of its own.
      kind("count") { context, _ in
        for number in 0..<300 {
          if number % 3 == 0 { try context.emit("number", number) } else { context.log("\(number)") }
          if number % 10 == 0 { await Task.yield() }
        }
        await latch.wait()
        return nil
      },
      kind("fail") { _, _ in throw PermanentFailure("It cannot be done.") },
      kind("wait") { context, payload in
        context.log("waiting")
        await latch.wait()
        try context.checkCancellation()
        context.log("done")
        try context.emit("greeting", ["to": "you"])
        return payload
      },
      kind(
        "send-receipt",
        schema: try PayloadSchema([
          "type": "object", "required": ["orderID"],
          "properties": ["orderID": ["type": "integer", "minimum": 1]],
        ])
      ) { _, _ in nil },
    ]
  }

  private static func kind(
    _ name: JobKind, schema: PayloadSchema? = nil, _ handler: @escaping KindRegistration.Handler
  ) -> KindRegistration {
    KindRegistration(kind: name, options: KindOptions(), source: "test", schema: schema, handler: handler)
  }
}
