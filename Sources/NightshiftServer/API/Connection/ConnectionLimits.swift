import NIOCore
import NIOHTTP1

/// What one connection may ask of the server before it is cut off.
enum ConnectionLimits {
  /// Request line and headers. Browsers send some 2 KiB, a token with everything that proxies add stays below
  /// 16.
  static let headerBytes = 32 << 10
  static let headerCount = 128
  /// Until the first request has come.
  static let firstRequest = TimeAmount.seconds(30)
  /// Between requests, and between two parts of one.
  static let idle = Duration.seconds(60)
  /// How long a peer may take nothing of what is sent to it.
  static let stalled = TimeAmount.seconds(30)
  /// How long a peer may go on sending after the last answer.
  static let lingering = TimeAmount.seconds(5)
  /// The largest message of a WebSocket. Clients have nothing to say but pings.
  static let webSocketMessage = 4 << 10
  /// How long a peer may take to answer a close.
  static let webSocketClose = Duration.seconds(3)

  static var decoder: NIOHTTPDecoderLimitConfiguration {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = headerBytes
    limits.maxHeaderListSize = headerBytes
    limits.maxHeaderFieldCount = headerCount
    return limits
  }
}
