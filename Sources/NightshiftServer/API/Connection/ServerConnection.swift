import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL
import NIOWebSocket
import Nightshift

/// One connection: HTTP/1.1, or a WebSocket if its first request asks for one and is let in.
struct ServerConnection: ServerChildChannel, HTTPChannelHandler {
  /// What became of the connection with its first request.
  enum Kind: Sendable {
    case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    case webSocket(NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, any LiveFeed)
  }

  struct Value: ServerChildChannelValue {
    let kind: EventLoopFuture<Kind>
    let channel: any Channel
  }

  let responder: HTTPChannelHandler.Responder
  let api: API
  /// `nil` speaks plain HTTP.
  let tls: TLSContext?

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      let http = FirstRequestHandler.HTTPHandlers(
        encoder: HTTPResponseEncoder(),
        decoder: ByteToMessageHandler(
          HTTPRequestDecoder(
            leftOverBytesStrategy: .dropBytes, limitConfiguration: ConnectionLimits.decoder)),
        requestGuard: RequestGuardHandler())
      let kind = channel.eventLoop.makePromise(of: Kind.self)
      if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls.current())) }
      try pipeline.addHandlers([
        StalledPeerHandler(), http.encoder, http.decoder, http.requestGuard,
        FirstRequestHandler(connection: self, http: http, result: kind, logger: logger),
      ])
      return Value(kind: kind.futureResult, channel: channel)
    }
  }

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await value.kind.get() {
      case .http(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
      case .webSocket(let channel, let feed):
        try await WebSocketSession(channel: channel, feed: feed, clock: api.engine.clock, logger: logger)
          .run()
      }
    } catch {
      // The peer has gone, or never came to a request.
      logger.trace("connection ended", metadata: ["error": "\(error)"])
      value.channel.close(promise: nil)
    }
  }
}

extension ServerConnection {
  /// Makes the connection speak HTTP for good.
  func becomeHTTP(_ channel: any Channel, _ logger: Logger) throws -> Kind {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: tls != nil))
    try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: ConnectionLimits.idle, logger: logger))
    return .http(
      try NIOAsyncChannel(
        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
  }

  /// Does the handshake for requests that the gate lets in. One that is refused goes on as plain HTTP and
  /// gets its answer there.
  func makeUpgrader(_ feed: NIOLoopBoundBox<(any LiveFeed)?>) -> NIOTypedWebSocketServerUpgrader<Kind> {
    NIOTypedWebSocketServerUpgrader(
      maxFrameSize: ConnectionLimits.webSocketMessage,
      shouldUpgrade: { channel, head in
        channel.eventLoop.makeFutureWithTask { () -> (any LiveFeed)? in
          let request = try HTTPRequest(head, secure: false, splitCookie: false)
          return try await api.webSocketFeed(for: request, api.origin(Origin(channel), of: request))
        }.map { accepted in
          feed.value = accepted
          guard accepted != nil else { return nil }
          return Self.offersProtocol(head) ? ["Sec-WebSocket-Protocol": Credentials.webSocketProtocol] : [:]
        }
      },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          guard let feed = feed.value else { throw ChannelError.inappropriateOperationForState }
          try channel.pipeline.syncOperations.addHandlers([
            NIOWebSocketFrameAggregator(
              minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 64,
              maxAccumulatedFrameSize: ConnectionLimits.webSocketMessage),
            GoingAwayHandler(),
          ])
          return .webSocket(try NIOAsyncChannel(wrappingChannelSynchronously: channel), feed)
        }
      })
  }

  private static func offersProtocol(_ head: HTTPRequestHead) -> Bool {
    head.headers[canonicalForm: "sec-websocket-protocol"].contains(Credentials.webSocketProtocol[...])
  }
}

extension API {
  /// The feed for a WebSocket; `nil` if the request is to be answered as plain HTTP, be it with an error.
  func webSocketFeed(for head: HTTPRequest, _ origin: Origin) async throws -> (any LiveFeed)? {
    let route: Route
    let request: APIRequest
    do {
      (route, request) = try await Gate(api: self, head: head, origin: origin).admit()
      guard case .live(let handler) = route.handler else { return nil }
      return try await redacted(handler(request), for: request.actor)
    } catch {
      // The router comes to the same error and renders it.
      logger.debug("WebSocket refused", metadata: ["error": "\(error)"])
      return nil
    }
  }
}
