import Dispatch

/// Runs the engine's own loops on a thread of their own, apart from the pool that handlers run on.
///
/// Handlers that do not suspend, and those that block, hold on to the pool's threads. On the same pool the loops that
/// claim the next jobs and record the ended ones would have to wait for them: with jobs that do nothing, throughput fell
/// by a third; with handlers that block, nothing would be recorded at all.
final class LoopExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "nightshift-loops")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
