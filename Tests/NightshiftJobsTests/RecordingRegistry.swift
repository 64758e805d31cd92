import Nightshift
import NightshiftJobs
import Synchronization

/// Notes which kinds are registered.
final class RecordingRegistry: KindRegistry {
  private struct State {
    var registered: [String: KindRegistration] = [:]
    var calls: [String] = []
    var failure: StoreError?
  }

  private let state = Mutex(State())
  private let onCall: @Sendable () -> Void

  init(onCall: @escaping @Sendable () -> Void = {}) { self.onCall = onCall }

  var kinds: [String] { state.withLock { $0.registered.keys.sorted() } }
  /// What was asked for, such as `+report` and `-report`.
  var calls: [String] { state.withLock { $0.calls } }

  func registration(_ kind: String) -> KindRegistration? { state.withLock { $0.registered[kind] } }

  func register(_ registration: KindRegistration) async throws {
    state.withLock { state in
      state.registered[registration.kind.rawValue] = registration
      state.calls.append("+\(registration.kind)")
    }
    onCall()
  }

  func unregister(_ kind: JobKind) async throws {
    state.withLock { state in
      state.registered[kind.rawValue] = nil
      state.calls.append("-\(kind)")
    }
    onCall()
  }
}
