import Nightshift
import Synchronization

/// What all lanes of a store know of a database that cannot be reached.
///
/// A short loss, as when a standby takes over, is waited out by whoever needs a connection. Once it has lasted for
/// longer than that patience, who comes is told so at once: waiting has not helped those before.
final class Outage: Sendable {
  private struct State {
    var since: ContinuousClock.Instant?
    var error: StoreError?
    var isTried = false
  }

  private let state = Mutex(State())
  private let patience: Duration

  init(patience: Duration) { self.patience = patience }

  /// Why nobody should wait; `nil` while it is worth it.
  func verdict(at now: ContinuousClock.Instant = .now) -> StoreError? { state.withLock { verdict($0, now) } }

  /// Whether the caller should try to connect. While the database is known to be away one at a time does, since an
  /// attempt may take seconds. Who is let through says how it went.
  func mayTry(at now: ContinuousClock.Instant = .now) -> Bool {
    state.withLock { state in
      guard verdict(state, now) != nil else { return true }
      defer { state.isTried = true }
      return !state.isTried
    }
  }

  func noteFailure(_ error: StoreError, at now: ContinuousClock.Instant = .now) {
    state.withLock { state in
      state.since = state.since ?? now
      state.error = error
      state.isTried = false
    }
  }

  func noteSuccess() { state.withLock { $0 = State() } }

  private func verdict(_ state: State, _ now: ContinuousClock.Instant) -> StoreError? {
    guard let since = state.since, now - since >= patience else { return nil }
    return state.error
  }
}
