extension StoreError {
  /// The worker's row was closed by another process, which took its jobs back.
  package static func leaseLost(_ worker: WorkerID) -> StoreError {
    StoreError(
      .leaseLost,
      "The leases of worker \(worker) have ended, because it was silent for too long or taken for dead. Its jobs may run elsewhere: stop their handlers and write nothing more about them."
    )
  }
}
