import NIOCore
import NIOWebSocket

/// At a graceful shutdown tells the peer of a WebSocket to come back later (1001), and closes.
final class GoingAwayHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias InboundOut = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
    let frame = WebSocketFrame(closing: .goingAway, "The server is stopping.")
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    context.close(promise: nil)
  }
}

extension WebSocketFrame {
  init(closing code: WebSocketErrorCode, _ reason: String) {
    var data = ByteBuffer()
    data.write(webSocketErrorCode: code)
    // A control frame holds 125 bytes, two of which are the code.
    data.writeString(String(reason.prefix(100)))
    self.init(fin: true, opcode: .connectionClose, data: data)
  }
}
