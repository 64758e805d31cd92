import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server on this machine that answers each request as the test says.
final class StubServer: Sendable {
  struct Request: Sendable {
    var method: String
    var path: String
    var headers: HTTPHeaders
    var body: String
  }

  enum Answer: Sendable {
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

  var received: [Request] { log.all }
  var url: String { "http://127.0.0.1:\(channel.localAddress!.port!)" }

  /// - Parameter answers: One for each request; the last one is repeated.
  static func start(_ answers: Answer...) async throws -> StubServer {
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
  fileprivate final class Log: Sendable {
    private let requests = Mutex<[Request]>([])

    var all: [Request] { requests.withLock { $0 } }

    func add(_ request: Request) -> Int {
      requests.withLock { requests in
        requests.append(request)
        return requests.count
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
