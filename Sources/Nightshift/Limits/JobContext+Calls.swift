import Synchronization

extension JobContext {
  /// How the calls went so far, by the names of the services.
  var calls: [String: CallCount] { flow.withLock { $0.calls } }

  private func count(_ count: CallCount, of service: String) {
    flow.withLock { $0.calls[service, default: CallCount()].add(count) }
  }

  /// Calls an outside service under the eyes of the circuit breaker with this name.
  ///
  /// A call that throws counts as failed, unless it was cancelled. While the breaker is open nothing is called: the
  /// attempt ends without a failure, and the job is on hold until the breaker lets it through. Without a breaker of this
  /// name the body is simply run.
  ///
  /// ```swift
  /// let reply = try await context.call("model") { try await model.complete(prompt) }
  /// ```
  ///
  /// - Throws: What the body throws; ``BreakerOpen`` while the breaker is open, which the handler should let through.
  public func call<Value: Sendable>(
    _ service: String, _ body: @Sendable () async throws -> Value
  ) async throws -> Value {
    let probe = try engine.enter(service)
    defer { if let probe { engine.leave(probe) } }
    do {
      let value = try await measured(.call, service, body)
      count(CallCount(succeeded: 1), of: service)
      return value
    } catch let error as CancellationError {
      throw error
    } catch {
      count(CallCount(failed: 1), of: service)
      throw error
    }
  }
}

/// A circuit breaker lets nothing through at the moment. A handler that lets it pass has its job put on hold, without a
/// failure.
public struct BreakerOpen: Error, Sendable, Hashable, CustomStringConvertible {
  /// The breaker's name.
  public let service: String
  let gate: Int64
  /// When it lets the next probe through.
  let until: Timestamp?

  /// What people read.
  public var description: String { "The circuit breaker \"\(service)\" is open." }
}

extension Engine {
  /// Asks whether a call may be made now.
  ///
  /// - Returns: What has to be given back at the call's end.
  func enter(_ service: String) throws(BreakerOpen) -> Int64? {
    let breakers = caches.withLock { $0.gates.breakers }
    guard let state = breakers.first(where: { $0.breaker.name == service }) else { return nil }
    switch state.phase(at: clock.now) {
    case .closed: return nil
    case .open: throw BreakerOpen(service: service, gate: state.id, until: state.probesAt)
    case .probing:
      let mayProbe = probes.withLock { probes in
        guard probes[state.id, default: 0] < state.breaker.probes else { return false }
        probes[state.id, default: 0] += 1
        return true
      }
      guard mayProbe else {
        // Another has the place; a moment later it may be free.
        throw BreakerOpen(service: service, gate: state.id, until: clock.now + .seconds(1))
      }
      return state.id
    }
  }

  func leave(_ probe: Int64) {
    probes.withLock { probes in
      probes[probe, default: 1] -= 1
      if probes[probe] == 0 { probes[probe] = nil }
    }
  }
}
