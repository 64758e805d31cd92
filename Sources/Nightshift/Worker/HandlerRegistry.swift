import Synchronization

/// The kinds that this process can run.
final class HandlerRegistry: Sendable {
  private let kinds = Mutex<[String: KindRegistration]>([:])

  subscript(kind: String) -> KindRegistration? { kinds.withLock { $0[kind] } }

  var all: [KindRegistration] { kinds.withLock { Array($0.values) } }

  func add(_ registration: KindRegistration) { kinds.withLock { $0[registration.kind.rawValue] = registration } }
  func remove(_ kind: JobKind) { kinds.withLock { $0[kind.rawValue] = nil } }
}
