/// What limits have to do with one job.
package struct JobLimits: Sendable, Hashable {
  /// What ``LimitKey/key`` tells it apart by.
  package var limitKey: String?
  /// What keeps it back at the moment.
  package var hold: GateHold?

  init() {}

  /// Changes with what keeps it back, for an entity tag.
  package var stamp: String { hold.map { "\($0.name)-\($0.until?.microseconds ?? 0)" } ?? "" }
}

/// What keeps back a job whose time has come, by its name: a limit, or a pause of its kind.
package struct GateHold: Sendable, Hashable {
  package var reason: Hold.Reason
  /// Of a limit its name, of a pause the kind.
  package var name: String
  /// The value of the limit's key; `nil` for one without a key, empty for jobs that have none.
  package var key: String?
  /// Since when the kind is paused.
  package var since: Timestamp?
  /// When the pause ends, or the rate lets the next job begin.
  package var until: Timestamp?
  /// Who has paused the kind.
  package var by: String?
  /// Why, in their words.
  package var detail: String?
}

extension JobLimits {
  /// - Parameter now: What lies behind is not told as the end of a hold.
  init(of job: JobSummary, now: Timestamp, _ transaction: any ReadTransaction) throws(StoreError) {
    guard try transaction.hasTables(of: Migration.limits.step) else { return }
    let rows = try transaction.query(
      """
      SELECT p.limit_key, j.held_by FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id WHERE j.id = ?
      """, [SQLValue(job.id)])
    limitKey = rows.first?.text(0)
    if let reason = job.hold?.reason, let pool = rows.first?.text(1).flatMap(Pool.init) {
      hold = try GateHold(reason, pool, now: now, transaction)
    } else if job.state == .ready, job.hold == nil {
      hold = try GateHold(inQueue: job.queue, now: now, transaction)
    }
  }
}

extension GateHold {
  /// The first gate of the whole queue that has no room: its jobs stay where they are, and do not say so themselves.
  fileprivate init?(inQueue queue: String, now: Timestamp, _ transaction: any ReadTransaction) throws(StoreError) {
    let gates = try GateReader.gates(transaction).covering(queue: queue).filter { $0.isWhole && $0.isLimiting }
    guard !gates.isEmpty else { return nil }
    var admission = Admission(now: now)
    admission.running = try Engine.runningByPool(transaction)
    for gate in gates {
      let pool = Pool(gate: gate.id, text: "\(gate.id)")
      admission.rates[pool.text] = try Self.rate(of: pool, gate, now: now, transaction)
      guard admission.room(of: pool, gate) == 0 else { continue }
      self.init(reason: gate.reason, name: gate.name, until: admission.nextMoment(of: pool, gate))
      return
    }
    return nil
  }

  /// `nil` for a gate without a rate.
  private static func rate(
    of pool: Pool, _ gate: Gate, now: Timestamp, _ transaction: any ReadTransaction
  ) throws(StoreError) -> RatePool? {
    guard let rate = gate.rate else { return nil }
    let rows = try transaction.query("SELECT at, n FROM nightshift_dispatches WHERE pool = ?", [.text(pool.text)])
    let dispatches = rows.map { RatePool.Dispatch(at: $0.timestamp(0)!, count: Int($0.integer(1)!)) }
    return RatePool(rate, dispatches, now: now)
  }

  /// `nil` if there is no such gate.
  fileprivate init?(
    _ reason: Hold.Reason, _ pool: Pool, now: Timestamp, _ transaction: any ReadTransaction
  ) throws(StoreError) {
    // Also one that is gone: the job will be let go on in a moment, and was kept back by nothing else.
    let gates = try transaction.query(
      "SELECT name, updated_by, closed_at, closed_until, reason, trips FROM nightshift_gates WHERE id = ?",
      [.integer(pool.gate)])
    guard let gate = gates.first, let name = gate.text(0) else { return nil }
    self.init(reason: reason, name: name, key: pool.key)
    if let since = gate.timestamp(2) {
      (self.since, until) = (since, gate.timestamp(3))
      detail = BreakerState.reason(gate.text(4), trips: Int(gate.integer(5) ?? 0))
      // A breaker opens by itself.
      by = reason == .kindPaused ? gate.text(1) : nil
    } else if let gate = try GateReader.gates(transaction)[pool.gate] {
      // Not when the pool is looked at next: that may be only to make sure, and time alone gives no place.
      var admission = Admission(now: now)
      admission.rates[pool.text] = try Self.rate(of: pool, gate, now: now, transaction)
      until = admission.nextMoment(of: pool, gate)
    }
    if let end = until, end <= now { until = nil }
  }
}
