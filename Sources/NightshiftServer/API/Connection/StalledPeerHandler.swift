import NIOCore

/// Closes a connection whose peer takes nothing any more, so that it cannot hold an answer in memory for
/// ever.
///
/// Large bodies are written in pieces (`ResponseBody.chunked`), so a slow reader becomes writable now and
/// then.
final class StalledPeerHandler: ChannelInboundHandler {
  typealias InboundIn = NIOAny

  private var deadline: Scheduled<Void>?

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = nil
    if !context.channel.isWritable {
      let channel = context.channel
      deadline = context.eventLoop.scheduleTask(in: ConnectionLimits.stalled) { channel.close(promise: nil) }
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }
}
