import NIOCore
import NIOEmbedded
import Testing

@testable import NightshiftServer

@Suite struct `A peer that takes nothing` {
  @Test func `is cut off after a while, unless it goes on`() throws {
    let channel = EmbeddedChannel(handler: StalledPeerHandler())
    try channel.connect(to: SocketAddress(ipAddress: "192.0.2.7", port: 1)).wait()
    setWritable(channel, false)
    channel.embeddedEventLoop.advanceTime(by: ConnectionLimits.stalled - .seconds(1))
    setWritable(channel, true)
    channel.embeddedEventLoop.advanceTime(by: .seconds(10))
    #expect(channel.isActive)
    setWritable(channel, false)
    channel.embeddedEventLoop.advanceTime(by: ConnectionLimits.stalled)
    #expect(!channel.isActive)
  }

  private func setWritable(_ channel: EmbeddedChannel, _ isWritable: Bool) {
    channel.isWritable = isWritable
    channel.pipeline.fireChannelWritabilityChanged()
  }
}
