import Foundation

/// How a new job is to be made of an old one.
package struct Fork: Sendable {
  /// From which step on everything is done anew; `nil` for all of it.
  package var step: String?
  /// What that step is to have resulted in, as JSON; with it, the step itself is not run.
  package var result: [UInt8]?
  /// Another payload.
  package var payload: [UInt8]?

  package init(step: String? = nil, result: [UInt8]? = nil, payload: [UInt8]? = nil) {
    self.step = step
    self.result = result
    self.payload = payload
  }
}

/// Why a job cannot be forked like this.
package enum ForkError: Error, Sendable, CustomStringConvertible {
  case missing(JobID)
  case unknownStep(String, known: [String])
  case resultWithoutStep

  package var description: String {
    switch self {
    case .missing(let id): "There is no job \(id)."
    case .unknownStep(let step, let known):
      known.isEmpty
        ? "The job has no recorded steps."
        : "The job has no recorded step \"\(step)\". It has: \(known.prefix(20).joined(separator: ", "))."
    case .resultWithoutStep: "A result needs the step that it is the result of."
    }
  }
}

extension Engine {
  /// Makes a new job of an old one, which stays as it is: with the results of all steps that were recorded before one.
  ///
  /// What the old job waited for is waited for anew, and what people approved there is asked again. The jobs that it
  /// depended on are not waited for: their results are handed on as they are.
  ///
  /// - Returns: The new job, which counts its attempts on from the old one's.
  /// - Throws: ``ForkError``, ``SubmissionError``.
  package func fork(_ origin: JobID, _ fork: Fork, by actor: Actor) async throws -> JobID {
    if let payload = fork.payload { try await check(payload, for: [origin]) }
    guard fork.result == nil || fork.step != nil else { throw ForkError.resultWithoutStep }
    let (id, now) = (makeID(), clock.now)
    try await store.write { transaction in
      guard var job = try Self.copy(of: origin, as: id, now, transaction) else { throw ForkError.missing(origin) }
      let steps = try Self.stepsBefore(fork, of: origin, transaction)
      if let payload = fork.payload { job.payload = payload }
      _ = try transaction.insert([job], now: now)
      try transaction.session.copyRequesters(of: origin, to: id)
      try transaction.session.copyDependencies(of: origin, to: id)
      try transaction.session.noteRequester(actor, of: [id])
      try transaction.execute(
        "UPDATE nightshift_jobs SET attempt = (SELECT attempt FROM nightshift_jobs WHERE id = ?) WHERE id = ?",
        [SQLValue(origin), SQLValue(id)])
      for step in steps { try Self.copy(step, fork, from: origin, to: id, now, transaction) }
      try transaction.execute(
        "INSERT INTO nightshift_forks(job, origin, step, forked_by) VALUES(?, ?, ?, ?)",
        [SQLValue(id), SQLValue(origin), .text(fork.step ?? ""), .text(actor.id)])
      try transaction.audit(
        "fork", "\(origin)", by: actor, at: now,
        detail: ["job": .string("\(id)"), "step": .string(fork.step ?? "")])
    }
    return id
  }

  private static func copy(
    of origin: JobID, as id: JobID, _ now: Timestamp, _ transaction: any ReadTransaction
  ) throws(StoreError) -> NewJob? {
    let rows = try transaction.query(
      """
      SELECT j.kind, j.queue, j.priority, j.max_attempts, p.payload, p.timeout, p.organization, p.owner, p.tags
      FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id WHERE j.id = ?
      """, [SQLValue(origin)])
    guard let row = rows.first else { return nil }
    var job = NewJob(
      id: id, kind: JobKind(stored: row.text(0)!), queue: QueueName(stored: row.text(1)!), runAt: now,
      payload: row.bytes(4)!)
    job.priority = Priority(code: row.integer(2)!) ?? .normal
    job.maxAttempts = Int(row.integer(3)!)
    job.timeout = row.integer(5).map { .microseconds($0) }
    job.organization = row.text(6)
    job.owner = row.text(7)
    job.tags = row.text(8).map(ClaimedJob.tags(in:)) ?? []
    if try transaction.hasTables(of: Migration.limits.step) {
      let keys = try transaction.query("SELECT limit_key FROM nightshift_payloads WHERE id = ?", [SQLValue(origin)])
      job.limitKey = keys.first?.text(0)
    }
    return job
  }

  /// The keys of the steps whose results the new job gets.
  private static func stepsBefore(
    _ fork: Fork, of origin: JobID, _ transaction: any ReadTransaction
  ) throws -> [String] {
    guard let step = fork.step else { return [] }
    let known = try transaction.query(
      "SELECT key, state FROM nightshift_steps WHERE job = ? ORDER BY seq", [SQLValue(origin)])
    guard let index = known.firstIndex(where: { $0.text(0) == step }) else {
      throw ForkError.unknownStep(step, known: known.compactMap { $0.text(0) })
    }
    let before = known[..<index].filter { $0.integer(1) == StepRecord.State.completed.rawValue }
    return before.compactMap { $0.text(0) } + (fork.result == nil ? [] : [step])
  }

  private static func copy(
    _ step: String, _ fork: Fork, from origin: JobID, to id: JobID, _ now: Timestamp,
    _ transaction: any WriteTransaction
  ) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO nightshift_steps(job, key, seq, state, attempt, tries, started_at, ended_at, type, result)
      SELECT ?, key, seq, state, attempt, tries, started_at, ended_at, type, result FROM nightshift_steps
      WHERE job = ? AND key = ?
      """, [SQLValue(id), SQLValue(origin), .text(step)])
    guard step == fork.step, let result = fork.result else { return }
    try transaction.execute(
      """
      UPDATE nightshift_steps SET state = 1, result = ?, type = 'an edited result', ended_at = ?, error = NULL
      WHERE job = ? AND key = ?
      """, [.bytes(result), SQLValue(now), SQLValue(id), .text(step)])
  }
}
