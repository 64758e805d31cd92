extension StoreSession {
  /// Writes down what new jobs wait for, and decides at once where that has ended already.
  ///
  /// - Parameter outcomes: What became of the jobs so far.
  /// - Returns: The same, with the states that the jobs have now.
  package func linked(
    _ jobs: [NewJob], _ outcomes: [InsertOutcome], now: Timestamp
  ) throws(StoreError) -> [InsertOutcome] {
    guard jobs.contains(where: { !$0.dependencies.isEmpty }) else { return outcomes }
    let links = try NewLinks(jobs, outcomes)
    let states = try lockedStates(of: links.others)
    for other in links.others where states[other] == nil { throw .missingDependency(other) }
    var ended: [OpenDependency] = []
    var rows: [[SQLValue]] = []
    for link in links.all {
      let state = states[link.dependsOn].flatMap { $0.isTerminal ? $0 : nil }
      let staysOpen = state == nil || (state != .completed && link.policy == .hold)
      rows.append([
        SQLValue(link.job), SQLValue(link.dependsOn), SQLValue(link.ref), .integer(link.policy.rawValue),
        .integer(staysOpen ? 0 : 1), SQLValue(state?.code),
      ])
      if state != nil { ended.append(link) }
    }
    try insertLinks(rows)
    guard !ended.isEmpty else { return outcomes }
    let followed = tally.ends.count
    try decide(ended, states, now: now)
    guard tally.ends.count > followed else { return try settled(outcomes, jobs, Set(ended.map(\.job))) }
    // One that was cancelled ends others of the batch in turn, and the answer is to say so.
    try followEnds()
    return try settled(outcomes, jobs, Set(links.all.map(\.job)))
  }

  /// Hands what a job depended on to its fork, which waits for none of them: it finds their results as the old one did.
  func copyDependencies(of origin: JobID, to fork: JobID) throws(StoreError) {
    guard try knowsWorkflows else { return }
    try execute(
      """
      INSERT INTO nightshift_dependencies(job, depends_on, ref, on_death, state, outcome)
      SELECT ?, depends_on, ref, on_death, 1, outcome FROM nightshift_dependencies WHERE job = ?
      """, [SQLValue(fork), SQLValue(origin)])
  }

  /// Locks the jobs, so that none ends unseen from here on, and reads where they stand.
  private func lockedStates(of ids: Set<JobID>) throws(StoreError) -> [JobID: JobState] {
    try lockJobs(ids)
    var states: [JobID: JobState] = [:]
    for list in SQLList.lists(of: ids.sorted()) {
      let rows = try query("SELECT id, state, queue FROM nightshift_jobs WHERE id IN (\(list.marks))", list.values)
      for row in rows {
        let state = JobState(code: row.integer(1)!)!
        states[row.job(0)!] = state
        // A claim passes over rows that are locked, and nobody would tell its worker of them again.
        if state == .ready { tally.notice.readyQueues.insert(row.text(2)!) }
      }
    }
    return states
  }

  private func insertLinks(_ rows: [[SQLValue]]) throws(StoreError) {
    // Two lengths of statement, so that few are prepared.
    let length = 40
    var rest = rows[...]
    while !rest.isEmpty {
      let count = rest.count >= length ? length : 1
      let marks = Array(repeating: "(?, ?, ?, ?, ?, ?)", count: count).joined(separator: ", ")
      try execute(
        """
        INSERT INTO nightshift_dependencies(job, depends_on, ref, on_death, state, outcome) VALUES \(marks)
        ON CONFLICT(job, depends_on) DO NOTHING
        """, rest.prefix(count).flatMap(\.self))
      rest = rest.dropFirst(count)
    }
  }

  private func settled(
    _ outcomes: [InsertOutcome], _ jobs: [NewJob], _ decided: Set<JobID>
  ) throws(StoreError) -> [InsertOutcome] {
    var outcomes = outcomes
    for (index, job) in jobs.enumerated() where decided.contains(job.id) {
      guard case .inserted = outcomes[index], let row = try jobRow(job.id) else { continue }
      outcomes[index] = .inserted(row.state)
    }
    return outcomes
  }
}

/// What the new jobs of a batch wait for, with the ids that counted in the end.
private struct NewLinks {
  private(set) var all: [OpenDependency] = []
  /// The jobs that are waited for and were there before.
  private(set) var others: Set<JobID> = []

  init(_ jobs: [NewJob], _ outcomes: [InsertOutcome]) throws(StoreError) {
    var fresh: Set<JobID> = []
    // Whose key was taken is not there; the job that has the key stands for it.
    var holders: [JobID: JobID] = [:]
    for (job, outcome) in zip(jobs, outcomes) {
      switch outcome {
      case .inserted: fresh.insert(job.id)
      case .duplicate(let holder), .keyReused(let holder): if holder != job.id { holders[job.id] = holder }
      }
    }
    for job in jobs where fresh.contains(job.id) {
      var seen: Set<JobID> = []
      for dependency in job.dependencies {
        let target = holders[dependency.job] ?? dependency.job
        guard seen.insert(target).inserted else { continue }
        all.append(
          OpenDependency(job: job.id, dependsOn: target, ref: dependency.ref, policy: dependency.onDeath))
        if !fresh.contains(target) { others.insert(target) }
      }
    }
    guard !holders.isEmpty else { return }
    // The engine has looked for cycles, but a job may have become another since.
    let graph = Dictionary(grouping: all, by: \.job).mapValues { $0.map(\.dependsOn) }
    guard let cycle = DependencyCycle.find(in: graph, from: jobs.map(\.id)) else { return }
    throw StoreError(
      .overtaken,
      "With their unique keys the jobs would wait for each other: "
        + cycle.map(\.description).joined(separator: " → ") + ". Nothing was added.")
  }
}

extension StoreError {
  fileprivate static func missingDependency(_ id: JobID) -> StoreError {
    StoreError(
      .overtaken,
      "The job \(id) that another was to wait for is not there: it was discarded or pruned. Nothing was added.")
  }
}
