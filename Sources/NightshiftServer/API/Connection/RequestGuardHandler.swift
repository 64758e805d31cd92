import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import Nightshift

/// What Hummingbird leaves open between the socket and the first byte of a request's body:
///
/// - bytes that are no HTTP, and headers that are too large, are answered with problem details (it answers
///   400 without a body);
/// - a request that names no host, or several, is refused (RFC 9112, section 3.2): proxies differ in which one they take.
///   One that was sent along with others is refused once those have their answers;
/// - `Expect: 100-continue` is answered, so that curl does not wait a second before it sends a large body;
/// - an answer with `Connection: close` closes the connection, though the peer may still be sending, and so
///   does the answer to the last request of a client that says so, or that speaks HTTP/1.0.
final class RequestGuardHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// Requests whose answer is not complete.
  private var pending = 0
  private var closesAfterAnswer = false
  private var isLastRequest = false
  /// Why the connection is closed, from when on what still comes is of no interest.
  private var refusal: Problem?
  /// Whether somebody wanted to read on since there is a refusal that has to wait for answers.
  private var isReadHeldBack = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard refusal == nil else { return }
    if case .head(let head) = unwrapInboundIn(data) {
      if head.version == .http1_1, head.headers[canonicalForm: "host"].count != 1 {
        let problem = Problem.badRequest("malformed", "The request has no `Host`, or more than one.")
        refusal = problem
        if pending == 0 { refuse(problem, context) }
        return
      }
      if pending == 0,
        head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" })
      {
        context.writeAndFlush(
          wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
      }
      pending += 1
      isLastRequest = !head.isKeepAlive
    }
    context.fireChannelRead(data)
  }

  /// While a refusal waits for the answers before it, more would only be thrown away.
  func read(context: ChannelHandlerContext) {
    guard refusal == nil || pending == 0 else {
      isReadHeldBack = true
      return
    }
    context.read()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      if isLastRequest, pending == 1 { head.headers.replaceOrAdd(name: "Connection", value: "close") }
      closesAfterAnswer = head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      pending -= 1
      context.write(data, promise: promise)
      if closesAfterAnswer {
        close(context)
      } else if pending == 0, let refusal {
        refuse(refusal, context)
      }
      // What the peer still sends is read to the end, or closing would take our answer from it.
      if pending == 0, isReadHeldBack {
        isReadHeldBack = false
        context.read()
      }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Of a request that is refused anyway, or of what comes behind it.
    if error is HTTPParserError, refusal != nil { return }
    // In the midst of an answer another one would be taken for a part of it.
    guard let error = error as? HTTPParserError, pending == 0 else { return context.fireErrorCaught(error) }
    refuse(.malformed(error), context)
  }

  /// Answers what cannot become a request, and closes.
  private func refuse(_ problem: Problem, _ context: ChannelHandlerContext) {
    let id = UUID().uuidString.lowercased()
    let body = ByteBuffer(bytes: problem.json(requestID: id).serialized())
    let headers: HTTPHeaders = [
      "Content-Type": "application/problem+json", "Content-Length": "\(body.readableBytes)",
      "Connection": "close",
      "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Request-ID": id,
    ]
    let status = HTTPResponseStatus(
      statusCode: problem.status.code, reasonPhrase: problem.status.reasonPhrase)
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.write(wrapOutboundOut(.end(nil)), promise: nil)
    close(context)
  }

  /// Ends our side at once and the connection a little later: closing while the peer is sending would reset
  /// the connection, and the peer might lose the answer.
  private func close(_ context: ChannelHandlerContext) {
    context.flush()
    context.close(mode: .output, promise: nil)
    let channel = context.channel
    context.eventLoop.scheduleTask(in: ConnectionLimits.lingering) { channel.close(promise: nil) }
  }
}
