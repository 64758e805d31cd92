import Logging
import NIOCore
import NIOWebSocket
import Nightshift
import Synchronization

/// Sends a feed over a WebSocket, one JSON text `{type, id, data}` for each message.
struct WebSocketSession: Sendable {
  private typealias Outbound = NIOAsyncChannelOutboundWriter<WebSocketFrame>

  private enum Event: Sendable {
    /// The feed has come to its end; the peer is to be told why.
    case ended(WebSocketErrorCode, String)
    /// The peer has closed, or is gone.
    case closedByPeer
    case tooLate
  }

  private let channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>
  private let feed: any LiveFeed
  private let clock: any WallClock
  private let logger: Logger
  private let pings = PingCounter()

  init(
    channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, feed: any LiveFeed, clock: any WallClock,
    logger: Logger
  ) {
    self.channel = channel
    self.feed = feed
    self.clock = clock
    self.logger = logger
  }

  func run() async throws {
    try await channel.executeThenClose { inbound, outbound in
      await withTaskGroup(of: Event.self) { group in
        group.addTask { await send(to: outbound) }
        group.addTask { await listen(to: inbound, outbound) }
        defer { group.cancelAll() }
        guard case .ended(let code, let reason)? = await group.next() else { return }
        do {
          try await outbound.write(WebSocketFrame(closing: code, reason))
        } catch {
          return  // The peer went first.
        }
        // The peer answers with a close of its own. To hang up before would lose what is on its way to it.
        group.addTask {
          do { try await clock.sleep(for: ConnectionLimits.webSocketClose) } catch { return .closedByPeer }
          return .tooLate
        }
        _ = await group.next()
      }
    }
  }

  private func send(to outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>) async -> Event {
    do {
      let end = try await feed.run { item in
        switch item {
        case .message(let message): try await outbound.write(WebSocketFrame(message))
        case .keepAlive:
          try pings.add()
          try await outbound.write(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()))
        }
      }
      return switch end {
      case .finished: .ended(.normalClosure, "The job has ended.")
      case .stopping: .ended(.goingAway, "The server is stopping.")
      case .notAllowed: .ended(.policyViolation, "The token is no longer valid.")
      }
    } catch is SlowSubscriber {
      return .ended(.tryAgainLater, "Too slow: come back with lastEventId.")
    } catch is PingCounter.Unanswered {
      return .closedByPeer
    } catch let error as StoreError {
      logger.warning("stream failed", metadata: ["cause": "\(error)"])
      return .ended(.unexpectedServerError, "The store failed. Come back with lastEventId.")
    } catch {
      return .closedByPeer
    }
  }

  /// Answers pings and the peer's close. Whatever else it says is not listened to: the stream goes one way.
  private func listen(
    to inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
    _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
  ) async -> Event {
    do {
      for try await frame in inbound {
        // As RFC 6455, section 5.1, has it: what a client sends is masked, or it is none.
        guard frame.maskKey != nil else {
          try await outbound.write(WebSocketFrame(closing: .protocolError, "frames of a client must be masked"))
          return .closedByPeer
        }
        switch frame.opcode {
        case .ping:
          try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
        case .pong: pings.reset()
        case .connectionClose:
          var data = frame.unmaskedData
          let code = data.readSlice(length: 2) ?? ByteBuffer()
          try await outbound.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: code))
          return .closedByPeer
        default: break
        }
      }
    } catch {
      logger.trace("WebSocket ended", metadata: ["error": "\(error)"])
    }
    return .closedByPeer
  }
}

extension WebSocketErrorCode {
  /// 1013, of the registry that RFC 6455 set up: the client is to come back with a backoff.
  static let tryAgainLater = WebSocketErrorCode(codeNumber: 1013)
}

extension WebSocketFrame {
  init(_ message: LiveMessage) {
    let json = JSONValue.fields([
      "type": .string(message.type), "id": message.id.map { .string($0) }, "data": message.data,
    ])
    self.init(fin: true, opcode: .text, data: ByteBuffer(bytes: json.serialized()))
  }
}

/// Notices a peer that has vanished without a word, which the system tells only after a quarter of an hour.
private final class PingCounter: Sendable {
  struct Unanswered: Error {}

  private let unanswered = Mutex(0)

  func add() throws(Unanswered) {
    let count = unanswered.withLock { count in
      count += 1
      return count
    }
    if count > 3 { throw Unanswered() }
  }

  func reset() { unanswered.withLock { $0 = 0 } }
}
