import Foundation
import NIOCore
import NIOPosix
import Nightshift

@testable import NightshiftServer

/// Speaks bytes to a real server: for what no proper HTTP client would send.
struct RawClient: Sendable {
  let port: Int

  /// Runs a server for the API on a free port of this host, as long as `body` takes.
  static func serve<Value: Sendable>(
    _ test: TestAPI, options: ServerOptions = ServerOptions(), _ body: @Sendable (RawClient) async throws -> Value
  ) async throws -> Value {
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let server = APIServer(
      engine: test.engine, host: "127.0.0.1", port: 0, options: options, logger: test.api.logger,
      onRunning: { continuation.yield($0) })
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do { try await server.run() } catch is CancellationError {}
      }
      defer { group.cancelAll() }
      var iterator = ports.makeAsyncIterator()
      guard let port = await iterator.next() else { throw NoPort() }
      return try await body(RawClient(port: port))
    }
  }

  struct NoPort: Error {}

  /// Sends bytes and collects what comes back until the server closes.
  func exchange(_ bytes: [UInt8]) async throws -> String {
    String(decoding: try await session(bytes) { try await $0.rest() }, as: UTF8.self)
  }

  func exchange(_ text: String) async throws -> String { try await exchange(Array(text.utf8)) }

  /// Sends bytes and reads the answer as `body` wants.
  func session<Value: Sendable>(
    _ bytes: [UInt8], _ body: @Sendable (inout Session) async throws -> Value
  ) async throws -> Value {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(bytes: bytes))
      var session = Session(inbound: inbound.makeAsyncIterator(), outbound: outbound)
      return try await body(&session)
    }
  }

  struct Session {
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// The code with which the server closed a WebSocket.
    var closeCode: Int?
    private var buffer = ByteBuffer()

    init(
      inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
      outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
      self.inbound = inbound
      self.outbound = outbound
    }

    /// Everything until the server closes.
    mutating func rest() async throws -> [UInt8] {
      do { while try await more() {} } catch is IOError {}  // Reset by a server that did not want to read on.
      return Array(buffer.readableBytesView)
    }

    /// Text up to and with `end`.
    mutating func text(upTo end: String) async throws -> String {
      while true {
        let text = String(decoding: buffer.readableBytesView, as: UTF8.self)
        if let range = text.range(of: end) {
          let found = String(text[..<range.upperBound])
          buffer.moveReaderIndex(forwardBy: found.utf8.count)
          return found
        }
        guard try await more() else { return text }
      }
    }

    /// One frame of a WebSocket: its opcode and its data. Read by hand, so that no error of NIO's is shared.
    mutating func frame() async throws -> (opcode: UInt8, data: [UInt8])? {
      while buffer.readableBytes < 2 { guard try await more() else { return nil } }
      let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)!
      let short = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self)!
      let extra = short == 126 ? 2 : short == 127 ? 8 : 0
      while buffer.readableBytes < 2 + extra { guard try await more() else { return nil } }
      var length = Int(short)
      if short == 126 { length = Int(buffer.getInteger(at: buffer.readerIndex + 2, as: UInt16.self)!) }
      if short == 127 { length = Int(buffer.getInteger(at: buffer.readerIndex + 2, as: UInt64.self)!) }
      while buffer.readableBytes < 2 + extra + length { guard try await more() else { return nil } }
      buffer.moveReaderIndex(forwardBy: 2 + extra)
      return (first & 0x0f, buffer.readBytes(length: length)!)
    }

    /// Sends a frame, masked as clients must.
    func send(opcode: UInt8, _ data: [UInt8]) async throws {
      let mask: [UInt8] = [1, 2, 3, 4]
      var frame = ByteBuffer(bytes: [0x80 | opcode])
      if data.count < 126 {
        frame.writeInteger(0x80 | UInt8(data.count))
      } else {
        frame.writeInteger(0x80 | 126 as UInt8)
        frame.writeInteger(UInt16(data.count))
      }
      frame.writeBytes(mask)
      frame.writeBytes(data.enumerated().map { $1 ^ mask[$0 % 4] })
      try await outbound.write(frame)
    }

    /// Sends a short frame that is not masked, as no client may.
    func sendUnmasked(opcode: UInt8, _ data: [UInt8]) async throws {
      try await outbound.write(ByteBuffer(bytes: [0x80 | opcode, UInt8(data.count)] + data))
    }

    private mutating func more() async throws -> Bool {
      guard let piece = try await inbound.next() else { return false }
      buffer.writeImmutableBuffer(piece)
      return true
    }
  }
}
