import Synchronization

/// A place where one handler at a time runs: a task that runs one attempt after the other.
///
/// Running many attempts in one task saves making a task for each. Cancelling a task cannot be undone, so a slot whose
/// attempt was cancelled gives up its task, and the next attempt in it gets a new one.
final class Slot: Sendable {
  private struct State {
    var context: JobContext?
    var task: Task<Void, Never>?
    var isCancelled = false
    var startedAt: Timestamp?
  }

  let index: Int
  private let state = Mutex(State())

  init(index: Int) { self.index = index }

  /// Starts the slot's task. Whoever stops the worker cancels what runs in it, through ``cancel(_:_:)``.
  func start(_ body: @escaping @Sendable () async -> Void) {
    state.withLock { state in
      state.isCancelled = false
      state.task = Task(operation: body)
    }
  }

  func begin(_ context: JobContext, at moment: Timestamp) {
    state.withLock { state in
      state.context = context
      state.startedAt = moment
    }
  }

  /// Notes that the attempt is over. `false` if it was cancelled: then the slot's task must end.
  func end() -> Bool {
    state.withLock { state in
      state.context = nil
      return !state.isCancelled
    }
  }

  /// The attempt that runs here.
  var current: (context: JobContext, startedAt: Timestamp)? {
    state.withLock { state in state.context.map { ($0, state.startedAt!) } }
  }

  /// Cancels the attempt, if it is still this job's and this attempt.
  ///
  /// The task is cancelled outside the lock, since that runs what the handler has registered for it. It hits no later
  /// attempt: from the mark on this task runs no other one.
  @discardableResult
  func cancel(_ job: JobID, attempt: Int? = nil, _ reason: CancellationReason) -> Bool {
    let (isFound, task) = state.withLock { state -> (Bool, Task<Void, Never>?) in
      guard let context = state.context, context.id == job, attempt == nil || attempt == context.attempt,
        !state.isCancelled
      else { return (false, nil) }
      context.setCancelled(reason)
      state.isCancelled = true
      return (true, state.task)
    }
    task?.cancel()
    return isFound
  }
}
