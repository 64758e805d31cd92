import Dispatch
import Foundation
import Synchronization

/// Ends the process as people expect: the first SIGTERM or SIGINT lets it finish, the second ends it at once.
///
/// On a queue of its own, since handlers that block every thread of Swift's pool are when a second signal is needed.
final class SignalWatcher: Sendable {
  // Written once; a source may be cancelled from anywhere, though its type does not say so.
  nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

  /// - Parameters:
  ///   - stop: Begins the orderly end.
  ///   - abandon: Tidies up in the moment before the process ends at once.
  init(stop: @escaping @Sendable (String) -> Void, abandon: @escaping @Sendable () -> Void) {
    let queue = DispatchQueue(label: "nightshift.signals")
    let first = FirstSignal()
    sources = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
      signal(number, SIG_IGN)  // or the default action would come before the source
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        if first.take() { return stop(name) }
        abandon()
        // Not `exit`, whose handlers could wait for what hangs.
        _exit(128 + number)
      }
      source.resume()
      return source
    }
  }

  /// Gives the signals their usual effect again.
  func end() {
    for source in sources { source.cancel() }
    signal(SIGTERM, SIG_DFL)
    signal(SIGINT, SIG_DFL)
  }
}

private final class FirstSignal: Sendable {
  private let isTaken = Mutex(false)

  func take() -> Bool {
    isTaken.withLock { isTaken in
      defer { isTaken = true }
      return !isTaken
    }
  }
}
