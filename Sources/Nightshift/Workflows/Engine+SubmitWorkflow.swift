/// What became of a workflow that was to be added.
package struct WorkflowSubmission: Sendable, Hashable {
  package struct Place: Sendable, Hashable {
    package var ref: String
    package var submission: Submission
  }

  package var id: WorkflowID
  package var jobs: [Place]
  /// Its idempotency key came before: nothing was added, and this is the workflow of that time.
  package var isReplay = false
}

extension Engine {
  /// Adds a workflow: all of its jobs, or none. Once this returns they are on disk.
  ///
  /// - Throws: ``SubmissionError`` if a job is refused or jobs would wait for each other, ``StoreError`` if they could
  ///   not be stored.
  @discardableResult
  public func enqueue(_ workflow: Workflow) async throws -> EnqueuedWorkflow {
    let added = try await add(workflow, isTyped: true, idempotencyKey: nil, actor: .system)
    let jobs = added.jobs.map { ($0.ref, $0.submission.id) }
    return EnqueuedWorkflow(id: added.id, jobs: Dictionary(jobs) { first, _ in first })
  }

  /// Adds a workflow on behalf of somebody.
  ///
  /// - Parameter idempotencyKey: Covers the whole call, as for ``submit(_:idempotencyKey:actor:)``.
  package func submit(
    _ workflow: Workflow, idempotencyKey: String? = nil, actor: Actor
  ) async throws -> WorkflowSubmission {
    try await add(workflow, isTyped: false, idempotencyKey: idempotencyKey, actor: actor)
  }

  private func add(
    _ workflow: Workflow, isTyped: Bool, idempotencyKey: String?, actor: Actor
  ) async throws -> WorkflowSubmission {
    var drafts = workflow.drafts
    guard (1...Workflow.mostJobs).contains(workflow.jobs.count) else {
      let message =
        workflow.jobs.isEmpty
        ? "is empty: a workflow has 1 to \(Workflow.mostJobs) jobs"
        : "has \(workflow.jobs.count) jobs; at most \(Workflow.mostJobs) are allowed in one workflow"
      throw SubmissionError(faults: [.init(index: -1, pointer: "#/jobs", message: message)])
    }
    guard (1...200).contains(workflow.name.utf8.count) else {
      let message = "must have 1 to 200 bytes; got \(workflow.name.utf8.count)"
      throw SubmissionError(faults: [.init(index: -1, pointer: "#/name", message: message)])
    }
    try actor.claim(&drafts)
    let organizations = try await organizations(of: drafts, by: actor)
    let idempotency = idempotencyKey.map { ($0, actor) }
    let records = try await prepare(
      drafts, isTyped: isTyped, idempotency: idempotency, seal: workflow.name, within: actor.reach)
    // A middleware may change drafts, but neither their number nor their order.
    let rows = WorkflowRows(
      id: WorkflowID(rawValue: makeID().rawValue), name: workflow.name, drafts: drafts, records: records,
      createdBy: actor.id)
    let now = clock.now
    return try await store.write { transaction in
      try organizations.keep(for: records, transaction)
      return try rows.insert(now: now, by: actor, transaction)
    }
  }
}

/// A workflow on its way into the store.
private struct WorkflowRows: Sendable {
  var id: WorkflowID
  var name: String
  var drafts: [JobDraft]
  var records: [NewJob]
  var createdBy: String

  func insert(now: Timestamp, by actor: Actor, _ transaction: any WriteTransaction) throws -> WorkflowSubmission {
    if let replay = try replay(now: now, transaction) { return replay }
    let submissions = try Engine.submissions(of: records, asWorkflow: true, by: actor, now: now, transaction)
    try transaction.execute(
      "INSERT INTO nightshift_workflows(id, name, created_at, created_by) VALUES(?, ?, ?, ?)",
      [.integer(id.rawValue), .text(name), SQLValue(now), .text(createdBy)])
    var places: [WorkflowSubmission.Place] = []
    for (index, submission) in submissions.enumerated() {
      let ref = drafts[index].ref ?? "job-\(index + 1)"
      places.append(WorkflowSubmission.Place(ref: ref, submission: submission))
      try transaction.execute(
        """
        INSERT INTO nightshift_workflow_jobs(workflow, ref, position, job, kind, callback) VALUES(?, ?, ?, ?, ?, ?)
        """,
        [
          .integer(id.rawValue), .text(ref), SQLValue(index), SQLValue(submission.id),
          .text(drafts[index].kind.rawValue), SQLValue(drafts[index].callback?.rawValue),
        ])
    }
    if actor != .system {
      let detail: JSONValue = ["name": .string(name), "jobs": .integer(Int64(places.count))]
      try transaction.audit("enqueue-workflow", "\(id)", by: actor, at: now, detail: detail)
    }
    return WorkflowSubmission(id: id, jobs: places)
  }

  /// The workflow that the same request added before. One request at a time looks, so that of two at once the second
  /// finds the first.
  private func replay(now: Timestamp, _ transaction: any WriteTransaction) throws -> WorkflowSubmission? {
    guard let claim = records.first?.idempotency else { return nil }
    try transaction.takeTurns(on: "workflow\u{1}\(claim.scope)\u{1}\(claim.key)")
    let rows = try transaction.query(
      "SELECT job, fingerprint FROM nightshift_keys WHERE scope = ? AND key = ? AND expires_at > ?",
      [.text(claim.scope), .text(claim.key), SQLValue(now)])
    guard let row = rows.first, let holder = row.job(0) else { return nil }
    guard row.text(1) == claim.fingerprint else { throw Engine.keyReused(holder) }
    let found = try transaction.query(
      "SELECT workflow FROM nightshift_workflow_jobs WHERE job = ? ORDER BY workflow LIMIT 1", [SQLValue(holder)])
    guard let former = found.first?.integer(0) else {
      let message = "this Idempotency-Key was used before, for work that was pruned since; use a new key"
      throw SubmissionError(faults: [.init(index: 0, pointer: "#", message: message)], keyReusedBy: holder)
    }
    let jobs = try WorkflowJob.read(of: WorkflowID(rawValue: former), transaction)
    return WorkflowSubmission(
      id: WorkflowID(rawValue: former),
      jobs: jobs.map {
        .init(ref: $0.ref, submission: Submission(id: $0.id, state: $0.state, isDuplicate: true))
      }, isReplay: true)
  }
}
