import Foundation
import HTTPTypes
import HummingbirdCore
import Nightshift

extension API {
  /// Answers a request under the eyes of the engine's observer, where there is one.
  ///
  /// The request goes on with the `traceparent` of its own span, so that whatever is enqueued carries that.
  func observing(
    _ request: Request, _ id: String, _ route: String?,
    _ body: @Sendable (Request) async -> (Response, ObservedAnswer)
  ) async -> Response {
    await LogScope.$request.withValue(id) { await traced(request, id, route, body) }
  }

  private func traced(
    _ request: Request, _ id: String, _ route: String?,
    _ body: @Sendable (Request) async -> (Response, ObservedAnswer)
  ) async -> Response {
    guard let observer = engine.configuration.observer else { return await body(request).0 }
    let observed = ObservedRequest(
      method: request.method.rawValue, route: route, id: id, traceparent: request.headers.validTraceparent)
    return await observer.request(observed) { traceparent in
      var head = request.head
      if let traceparent { head.headerFields[.traceContext] = traceparent }
      return await body(Request(head: head, body: request.body))
    }
  }
}

extension RouteTable {
  /// The template of the path that a request names; `nil` if there is no such path.
  func route(of head: HTTPRequest) -> String? {
    let path = (head.path ?? "/").prefix { $0 != "?" && $0 != "#" }
    let segments = path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
    let method = head.method == .head ? .get : head.method
    let matches = routes.filter { $0.path.match(segments) != nil }
    let fitting = matches.filter { $0.method == method }
    return (fitting.isEmpty ? matches : fitting).max { $0.path.literalCount < $1.path.literalCount }?.path.description
  }
}
