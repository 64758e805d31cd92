import Dispatch
import Foundation
import Logging
import Synchronization

/// Renews the worker's leases, from a thread of its own, so that handlers which block every thread of Swift's pool
/// cannot make the worker look dead. Beats only while jobs are held.
final class Beats: Sendable {
  private unowned let engine: Engine  // which owns this object, and is held by the thread while it runs
  private let wake = DispatchSemaphore(value: 0)
  private let state = Mutex(State())

  private struct State {
    var isStarted = false
    var isEnded = false
    /// Whether the thread sleeps because no job is held.
    var isWaiting = false
    /// When the first beat was sent that has had no good answer yet. Counted from the beat and not from the last
    /// answer: a process that was frozen, or had nothing to renew, has not been refused anything.
    var unansweredSince: Int64?
    /// Whether the handlers were cancelled for this silence.
    var hasGivenUp = false

    mutating func answered() {
      unansweredSince = nil
      hasGivenUp = false
    }
  }

  init(engine: Engine) { self.engine = engine }

  private var interval: Duration { engine.configuration.leaseDuration / 5 }

  func start() {
    let isFirst = state.withLock { state in
      defer { state.isStarted = true }
      return !state.isStarted
    }
    guard isFirst else { return }
    let thread = Thread { [self, engine] in
      serve()
      withExtendedLifetime(engine) {}
    }
    thread.name = "nightshift-beats"
    thread.stackSize = 1 << 20
    thread.start()
  }

  /// Jobs are held from now on. The claim that brought them counted as a beat.
  func hold() {
    let mustWake = state.withLock { state in
      defer { state.isWaiting = false }
      return state.isWaiting
    }
    if mustWake { wake.signal() }
  }

  func end() {
    state.withLock { $0.isEnded = true }
    wake.signal()
  }

  private func serve() {
    while !state.withLock({ $0.isEnded }) {
      // Between the look and the wait a job may come in; then `hold` has seen `isWaiting` and signalled.
      state.withLock { $0.isWaiting = true }
      if engine.worker.heldCount == 0 {
        wake.wait()
      } else {
        state.withLock { $0.isWaiting = false }
        _ = wake.wait(timeout: .now() + interval.seconds)
        beat()
      }
    }
  }

  private func beat() {
    guard engine.worker.heldCount > 0 else {
      state.withLock { $0.answered() }
      return
    }
    giveUpIfSilentForTooLong()
    let now = engine.clock.monotonic
    state.withLock { $0.unansweredSince = $0.unansweredSince ?? now }
    let worker = engine.workerID
    engine.store.beat(worker) { self.answered($0, worker) }
  }

  /// From the store's thread.
  private func answered(_ answer: Result<WorkerOrders, StoreError>, _ worker: WorkerID) {
    switch answer {
    case .success(let orders):
      state.withLock { $0.answered() }
      engine.follow(orders)
    case .failure(let error) where error.code == .leaseLost:
      // The engine goes on under a new name, which owes no beat yet.
      state.withLock { $0.answered() }
      // Ends by itself.
      Task { await engine.leaseLost(of: worker) }
    case .failure(let error):
      engine.logger.warning("the worker's lease could not be renewed", metadata: ["error": "\(error)"])
    }
  }

  /// After two thirds of the lease others may take the jobs any moment: stop before they do. The beat that had no
  /// answer came up to one interval after the last one that had.
  private func giveUpIfSilentForTooLong() {
    guard let since = state.withLock({ $0.unansweredSince }) else { return }
    let silence = Duration.nanoseconds(engine.clock.monotonic - since) + interval
    guard silence > engine.configuration.leaseDuration * 2 / 3 else { return }
    let isFirst = state.withLock { state in
      defer { state.hasGivenUp = true }
      return !state.hasGivenUp
    }
    if isFirst { engine.logger.error("the lease could not be renewed for \(silence.text); cancelling all handlers") }
    engine.worker.cancelAll(.leaseLost)
  }
}
