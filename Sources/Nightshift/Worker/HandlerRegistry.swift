import Synchronization

/// The kinds that this process can run.
final class HandlerRegistry: Sendable {
  /// A registration that is handed on as one reference. Copying it would count a reference to each thing that is in it,
  /// and every thread that runs jobs would wait for the same counts.
  final class Entry: Sendable {
    let registration: KindRegistration

    init(_ registration: KindRegistration) { self.registration = registration }
  }

  private let kinds = Mutex<[String: Entry]>([:])

  subscript(kind: String) -> Entry? { kinds.withLock { $0[kind] } }

  var all: [KindRegistration] { kinds.withLock { $0.values.map(\.registration) } }

  func add(_ registration: KindRegistration) { kinds.withLock { $0[registration.kind.rawValue] = Entry(registration) } }
  func remove(_ kind: JobKind) { kinds.withLock { $0[kind.rawValue] = nil } }
}
