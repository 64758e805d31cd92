import NIOCore
package import NIOHTTP1
import NIOPosix
import Synchronization

/// A server on this machine that answers each request as the test says.
package final class StubServer: Sendable {
  package struct Request: Sendable {
    package var method: String
    package var path: String
    package var headers: HTTPHeaders
    package var body: String
  }

  package enum Answer: Sendable {
    case response(Int, headers: HTTPHeaders = [:], body: String = "")
    /// Takes the request and says nothing.
    case silence
    /// Begins an answer that does not end.
    case half
    /// Hangs up.
    case close
  }

  private let channel: any Channel
  private let log: Log

  package var received: [Request] { log.all }
  package var url: String { "http://127.0.0.1:\(channel.localAddress!.port!)" }

  /// - Parameter answers: One for each request; the last one is repeated.
  package static func start(_ answers: Answer...) async throws -> StubServer {
    let log = Log()
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(
            Handler { request in
              let count = log.add(request)
              return answers[min(count, answers.count) - 1]
            })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return StubServer(channel: channel, log: log)
  }

  private init(channel: any Channel, log: Log) {
    self.channel = channel
    self.log = log
  }

  deinit { channel.close(promise: nil) }
}

extension StubServer {
  /// Returns once so many requests have come.
  package func requests(_ count: Int) async -> [Request] { await log.wait(for: count) }

  fileprivate final class Log: Sendable {
    private struct State {
      var requests: [Request] = []
      var waiters: [(count: Int, continuation: CheckedContinuation<[Request], Never>)] = []
    }

    private let state = Mutex(State())

    var all: [Request] { state.withLock { $0.requests } }

    func add(_ request: Request) -> Int {
      let (count, due, all) = state.withLock { state in
        state.requests.append(request)
        let count = state.requests.count
        let due = state.waiters.filter { $0.count <= count }
        state.waiters.removeAll { $0.count <= count }
        return (count, due, state.requests)
      }
      for waiter in due { waiter.continuation.resume(returning: all) }
      return count
    }

    func wait(for count: Int) async -> [Request] {
      await withCheckedContinuation { continuation in
        let all: [Request]? = state.withLock { state in
          guard state.requests.count < count else { return state.requests }
          state.waiters.append((count, continuation))
          return nil
        }
        if let all { continuation.resume(returning: all) }
      }
    }
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: (Request) -> Answer
    private var head: HTTPRequestHead?
    private var body = ""

    init(_ answer: @escaping (Request) -> Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        self.head = head
        body = ""
      case .body(let part):
        body += String(buffer: part)
      case .end:
        guard let head else { return }
        let request = Request(method: head.method.rawValue, path: head.uri, headers: head.headers, body: body)
        send(answer(request), context)
      }
    }

    private func send(_ answer: Answer, _ context: ChannelHandlerContext) {
      switch answer {
      case .silence: return
      case .close: context.close(promise: nil)
      case .half:
        write(200, ["Content-Length": "1000"], "half", context)
        context.flush()
      case .response(let status, var headers, let body):
        headers.replaceOrAdd(name: "Content-Length", value: "\(body.utf8.count)")
        write(status, headers, body, context)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      }
    }

    private func write(
      _ status: Int, _ headers: HTTPHeaders, _ body: String, _ context: ChannelHandlerContext
    ) {
      let head = HTTPResponseHead(
        version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
    }
  }
}
