extension WriteTransaction {
  /// Whether an attempt is still its job's current one, and stays it to the end of the transaction.
  func isCurrent(_ job: JobID, _ attempt: Int, _ worker: WorkerID) throws(StoreError) -> Bool {
    try lock("nightshift_jobs", where: "id = ?", [SQLValue(job)])
    let current = try query(
      "SELECT 1 FROM nightshift_jobs WHERE id = ? AND state = 1 AND attempt = ? AND worker = ?",
      [SQLValue(job), SQLValue(attempt), .integer(worker.rawValue)])
    return !current.isEmpty
  }

  /// Refuses the writes of an attempt that is not its job's current one any more.
  func fence(_ job: JobID, _ attempt: Int, _ worker: WorkerID) throws(StoreError) {
    guard try isCurrent(job, attempt, worker) else {
      throw StoreError(.leaseLost, "Attempt \(attempt) of \(job) has lost its lease: nothing more is kept of it.")
    }
  }
}
