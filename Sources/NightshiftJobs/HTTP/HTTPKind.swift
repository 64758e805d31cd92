import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
package import Nightshift

/// The built-in kind `http`: calls a URL, and counts as done when the answer is good.
///
/// A call may arrive twice. When the connection breaks after the request has been sent, nobody can tell
/// whether the other side has acted on it, and the job calls again. So that the other side can tell, requests
/// that change something carry an `Idempotency-Key`, the same for each attempt with the same payload.
package final class HTTPKind: Sendable {
  package static let kind: JobKind = "http"

  private let client: HTTPClient

  package init() {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .follow(max: 5, allowCycles: false)
    configuration.timeout = HTTPClient.Configuration.Timeout(connect: .seconds(10), read: .seconds(300))
    // The job has a backoff of its own, and shows people why it waits.
    configuration.connectionPool.retryConnectionEstablishment = false
    // We ask for no compressed answers, and would not unpack one: a few kilobytes can stand for all of our
    // memory.
    configuration.decompression = .disabled
    // The call has a span already, and its request that span's `traceparent`: a second one would make two of them.
    configuration.tracing.tracer = nil
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  deinit {
    // It ends its idle connections by itself; there is nobody to tell if one does not close in good order.
    client.shutdown { _ in }
  }

  package var registration: KindRegistration {
    KindRegistration(
      kind: Self.kind,
      options: KindOptions(
        timeout: HTTPCall.timeoutLimit + .seconds(60),
        description: "Calls a URL; tried again on 408, 425, 429, 5xx and broken connections"),
      source: "built in", schema: HTTPCall.schema
    ) { context, payload in
      let call = try HTTPCall(parsing: payload)
      let key = call.idempotencyKey(for: "\(context.id)", payload: payload)
      return try await context.measured(.call, URL(string: call.url)?.host() ?? "http") {
        try await self.perform(
          call, idempotencyKey: key, traceparent: context.activeTraceparent, now: context.engine.clock.now)
      }.serialized()
    }
  }

  /// Makes the call and returns the job's result.
  func perform(
    _ call: HTTPCall, idempotencyKey: String?, traceparent: String?, now: Timestamp
  ) async throws -> JSONValue {
    let request = call.request(idempotencyKey: idempotencyKey, traceparent: traceparent)
    let answer: HTTPAnswer
    do {
      answer = try await withTimeout(call.timeout) { [client] in
        let response = try await client.execute(request, timeout: TimeAmount(call.timeout))
        return try await HTTPAnswer(response, limit: call.maxResponseBytes)
      }
    } catch let error as CancellationError {
      throw error
    } catch {
      throw HTTPVerdict.failure(for: error, call)
    }
    try HTTPVerdict(answer, call, now: now).check()
    return answer.json
  }
}

/// The client's own limit ends with the head of the answer; this one holds for the body too.
private func withTimeout<Value: Sendable>(
  _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await SystemClock().sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next(), let value = first else { throw HTTPTimeout() }
    return value
  }
}

/// The answer did not come, or not whole, in time.
struct HTTPTimeout: Error {}
