import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket
import Nightshift

/// Decides with the first request of a connection whether it is HTTP or becomes a WebSocket.
///
/// Not `NIOTypedHTTPServerUpgradeHandler`: in swift-nio 2.101 it swallows the head of a request that carries
/// `Upgrade:` but is not upgraded, so that a refused WebSocket, and every client that offers HTTP/2 that way
/// (`Upgrade: h2c`, as `curl --http2` and Java do), hangs. Nor has it a time limit, or an answer to a
/// graceful shutdown.
final class FirstRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// What stands before this handler, and goes when the connection becomes a WebSocket.
  struct HTTPHandlers {
    let encoder: HTTPResponseEncoder
    let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    let requestGuard: RequestGuardHandler
  }

  private typealias Upgrader = NIOTypedWebSocketServerUpgrader<ServerConnection.Kind>

  private enum State {
    case first
    /// The gate is being asked.
    case deciding
    /// The gate has said yes, and the request's end has not come yet.
    case accepted(HTTPRequestHead, HTTPHeaders, Upgrader)
    case done
  }

  private let connection: ServerConnection
  private let http: HTTPHandlers
  private let result: EventLoopPromise<ServerConnection.Kind>
  private let logger: Logger
  private var state = State.first
  /// What has come while nobody could take it.
  private var held: [HTTPServerRequestPart] = []
  private var deadline: Scheduled<Void>?

  init(
    connection: ServerConnection, http: HTTPHandlers, result: EventLoopPromise<ServerConnection.Kind>,
    logger: Logger
  ) {
    self.connection = connection
    self.http = http
    self.result = result
    self.logger = logger
  }

  private var isDone: Bool { if case .done = state { true } else { false } }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: ConnectionLimits.firstRequest) {
      channel.close(promise: nil)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    // Has no effect once it is decided.
    result.fail(ChannelError.eof)
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // A connection that has asked for nothing must not hold up a graceful shutdown, nor one whose peer has
    // ended it.
    let isEnd = event is ChannelShouldQuiesceEvent || (event as? ChannelEvent) == .inputClosed
    if isEnd, !isDone { context.close(promise: nil) } else { context.fireUserInboundEventTriggered(event) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    switch state {
    case .done: context.fireChannelRead(data)
    case .first:
      held.append(part)
      guard case .head(let head) = part else { return context.close(promise: nil) }
      let isUpgrade =
        head.method == .GET
        && head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
      if isUpgrade { decide(context, head) } else { becomeHTTP(context) }
    case .deciding, .accepted:
      held.append(part)
      // A handshake is a head and an end. More may only come from somebody who does not wait for the answer.
      if held.count > 16 { return context.close(promise: nil) }
      if case .end = part, case .accepted(let head, let headers, let upgrader) = state {
        upgrade(context, head, headers, upgrader)
      }
    }
  }

  private func decide(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
    state = .deciding
    let upgrader = connection.makeUpgrader(NIOLoopBoundBox(nil, eventLoop: context.eventLoop))
    upgrader.buildUpgradeResponse(channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:])
      .assumeIsolated().whenComplete { self.decided(context, head, upgrader, $0) }
  }

  private func decided(
    _ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ upgrader: Upgrader,
    _ answer: Result<HTTPHeaders, any Error>
  ) {
    guard context.channel.isActive else { return }
    switch answer {
    case .failure: becomeHTTP(context)
    case .success(let headers):
      if case .end? = held.last {
        upgrade(context, head, headers, upgrader)
      } else {
        state = .accepted(head, headers, upgrader)
      }
    }
  }

  private func becomeHTTP(_ context: ChannelHandlerContext) {
    do {
      let kind = try connection.becomeHTTP(context.channel, logger)
      state = .done
      result.succeed(kind)
      for part in held { context.fireChannelRead(wrapInboundOut(part)) }
      held = []
      context.fireChannelReadComplete()
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    } catch {
      result.fail(error)
      context.close(promise: nil)
    }
  }

  private func upgrade(
    _ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ headers: HTTPHeaders, _ upgrader: Upgrader
  ) {
    state = .done
    held = []
    let pipeline = context.pipeline.syncOperations
    let channel = context.channel
    let answer = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
    context.writeAndFlush(wrapOutboundOut(.head(answer)), promise: nil)
    pipeline.removeHandler(http.decoder).assumeIsolated()
      .flatMap { pipeline.removeHandler(self.http.requestGuard) }
      .flatMap { pipeline.removeHandler(self.http.encoder) }
      .flatMap { pipeline.removeHandler(context: context) }
      .flatMap { upgrader.upgrade(channel: channel, upgradeRequest: head) }
      .nonisolated().cascade(to: result)
  }
}
