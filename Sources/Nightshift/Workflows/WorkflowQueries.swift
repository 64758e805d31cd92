/// How a whole workflow stands. Its callback does not count.
package enum WorkflowState: String, Sendable, Hashable, CaseIterable {
  /// Some job has not ended.
  case running
  /// All jobs have completed.
  case completed
  /// All have ended, and at least one is dead.
  case dead
  /// All have ended, none is dead, and at least one was cancelled.
  case cancelled

  init(_ counts: [JobState: Int]) {
    self =
      if counts.contains(where: { !$0.key.isTerminal && $0.value > 0 }) {
        .running
      } else if counts[.dead, default: 0] > 0 {
        .dead
      } else if counts[.cancelled, default: 0] > 0 {
        .cancelled
      } else {
        .completed
      }
  }
}

/// One line of a list of workflows.
package struct WorkflowSummary: Sendable {
  package var id: WorkflowID
  package var name: String
  package var createdAt: Timestamp
  package var createdBy: String
  /// Its jobs in each state, without the callback.
  package var counts: [JobState: Int]

  package var state: WorkflowState { WorkflowState(counts) }
}

/// One job of a workflow.
package struct WorkflowJob: Sendable {
  package var ref: String
  package var id: JobID
  package var kind: String
  package var state: JobState
  package var callback: Workflow.Callback?
  package var hold: Hold?
  /// It was pruned or discarded; its state is the one that it had.
  package var isPruned: Bool
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
}

/// That one job waits for another.
package struct WorkflowEdge: Sendable, Hashable {
  package var job: JobID
  package var dependsOn: JobID
  package var onDeath: DependencyDeath?
  /// Whether the job still waits for it.
  package var isOpen: Bool
}

/// Everything that is known of one workflow.
package struct WorkflowDetail: Sendable {
  package var summary: WorkflowSummary
  /// In the order in which they were given; the callback last.
  package var jobs: [WorkflowJob]
  package var edges: [WorkflowEdge]
}

/// One page of a list, newest first.
package struct WorkflowPage: Sendable {
  package var workflows: [WorkflowSummary]
  /// Where the next page begins; `nil` on the last one.
  package var next: WorkflowID?
}

extension Engine {
  /// Workflows, the newest first.
  ///
  /// - Parameter reach: Only those of which all jobs lie within it.
  package func workflows(
    before: WorkflowID? = nil, limit: Int, within reach: Reach = Reach()
  ) async throws(StoreError) -> WorkflowPage {
    let (sql, condition) = Self.statement(forWorkflowsWithin: reach)
    return try await store.read { transaction in
      let rows = try transaction.query(
        sql, [.integer(before?.rawValue ?? .max)] + condition + [SQLValue(limit + 1)])
      let workflows = try rows.prefix(limit).map { try WorkflowSummary($0, transaction) }
      return WorkflowPage(workflows: workflows, next: rows.count > limit ? workflows.last?.id : nil)
    }
  }

  /// Walks the workflows themselves, newest first, and asks of each for one job that lies beyond: nearly always the first
  /// one tells. As a value and not as `NOT EXISTS`, which a planner may turn into a walk over all jobs there are.
  static func statement(forWorkflowsWithin reach: Reach) -> (sql: String, values: [SQLValue]) {
    let beyond = reach.conditionOfLyingBeyond(on: "p")
    let condition =
      beyond.values.isEmpty
      ? ""
      : """
      AND coalesce((SELECT 1 FROM nightshift_workflow_jobs w JOIN nightshift_payloads p ON p.id = w.job
        WHERE w.workflow = f.id AND (\(beyond.text)) LIMIT 1), 0) = 0
      """
    let sql = """
      SELECT f.id, f.name, f.created_at, f.created_by FROM nightshift_workflows f WHERE f.id < ? \(condition)
      ORDER BY f.id DESC LIMIT ?
      """
    return (sql, beyond.values)
  }

  /// A workflow with its jobs and what ties them; `nil` if there is none with this id.
  package func workflow(_ id: WorkflowID) async throws(StoreError) -> WorkflowDetail? {
    try await store.read { transaction in
      let rows = try transaction.query(
        "SELECT id, name, created_at, created_by FROM nightshift_workflows WHERE id = ?", [.integer(id.rawValue)])
      guard let row = rows.first else { return nil }
      let edges = try transaction.query(
        """
        SELECT DISTINCT d.job, d.depends_on, d.on_death, d.state FROM nightshift_workflow_jobs m
        JOIN nightshift_dependencies d ON d.job = m.job WHERE m.workflow = ? ORDER BY d.job, d.depends_on
        """, [.integer(id.rawValue)])
      return WorkflowDetail(
        summary: try WorkflowSummary(row, transaction), jobs: try WorkflowJob.read(of: id, transaction),
        edges: edges.map(WorkflowEdge.init))
    }
  }

  /// Cancels what has not ended of a workflow; `nil` if there is none with this id.
  ///
  /// A callback is left to its own rule: one for `done` runs and is told what was cancelled, any other is cancelled with
  /// the last job. Only where nothing else is left, the callback itself is cancelled.
  ///
  /// - Returns: How many jobs were cancelled or asked to stop.
  package func cancelWorkflow(_ id: WorkflowID, reason: String, by actor: Actor) async throws -> Int? {
    guard let workflow = try await workflow(id) else { return nil }
    let open = workflow.jobs.filter { !$0.state.isTerminal }
    let jobs = open.filter { $0.callback == nil }
    var rest = Set((jobs.isEmpty ? open : jobs).map(\.id)).sorted()[...]
    var count = 0
    while !rest.isEmpty {
      let outcomes = try await store.change(.cancel(reason: reason), of: Array(rest.prefix(500)), now: clock.now)
      count += outcomes.count { if case .changed = $0 { true } else { false } }
      rest = rest.dropFirst(500)
    }
    guard count > 0 else { return 0 }
    let (now, cancelled) = (clock.now, count)
    try await store.write { transaction in
      try transaction.audit(
        "cancel-workflow", "\(id)", by: actor, at: now,
        detail: ["reason": .string(reason), "jobs": .integer(Int64(cancelled))])
    }
    return count
  }

  /// Lets jobs go on that are on hold because a dependency died.
  package func release(_ ids: [JobID], by actor: Actor) async throws -> [ChangeOutcome] {
    try await change(.release(.dependencyDied), of: ids, verb: "release", detail: nil, by: actor)
  }
}

// MARK: Rows

extension WorkflowSummary {
  fileprivate init(_ row: SQLRow, _ transaction: any ReadTransaction) throws(StoreError) {
    let counted = try transaction.query(
      """
      SELECT coalesce(m.outcome, j.state), count(*) FROM nightshift_workflow_jobs m
      LEFT JOIN nightshift_jobs j ON j.id = m.job WHERE m.workflow = ? AND m.callback IS NULL
      GROUP BY coalesce(m.outcome, j.state)
      """, [row.values[0]])
    var counts: [JobState: Int] = [:]
    for count in counted {
      guard let state = count.integer(0).flatMap(JobState.init(code:)) else { continue }
      counts[state] = Int(count.integer(1)!)
    }
    self.init(
      id: WorkflowID(rawValue: row.integer(0)!), name: row.text(1)!, createdAt: row.timestamp(2)!,
      createdBy: row.text(3)!, counts: counts)
  }
}

extension WorkflowJob {
  static func read(of id: WorkflowID, _ transaction: any ReadTransaction) throws(StoreError) -> [WorkflowJob] {
    try transaction.query(
      """
      SELECT m.ref, m.job, m.kind, coalesce(m.outcome, j.state), m.callback, j.hold, j.hold_until, m.outcome,
        j.started_at, j.finished_at
      FROM nightshift_workflow_jobs m LEFT JOIN nightshift_jobs j ON j.id = m.job
      WHERE m.workflow = ? ORDER BY m.position
      """, [.integer(id.rawValue)]
    ).map(WorkflowJob.init)
  }

  private init(_ row: SQLRow) {
    self.init(
      ref: row.text(0)!, id: row.job(1)!, kind: row.text(2)!,
      state: row.integer(3).flatMap(JobState.init(code:)) ?? .completed,
      callback: row.text(4).flatMap(Workflow.Callback.init(rawValue:)),
      hold: row.integer(5).flatMap(Hold.Reason.init(rawValue:)).map { Hold($0, until: row.timestamp(6)) },
      isPruned: row.integer(7) != nil, startedAt: row.timestamp(8), finishedAt: row.timestamp(9))
  }
}

extension WorkflowEdge {
  fileprivate init(_ row: SQLRow) {
    self.init(
      job: row.job(0)!, dependsOn: row.job(1)!,
      onDeath: row.integer(2).flatMap(NewDependency.Policy.init(rawValue:))?.choice, isOpen: row.integer(3) == 0)
  }
}

extension NewDependency.Policy {
  /// The policy as people choose it; `nil` for one that only a callback has.
  var choice: DependencyDeath? {
    switch self {
    case .cancel: .cancel
    case .hold: .hold
    case .goOn: .continue
    case .start: nil
    }
  }
}
