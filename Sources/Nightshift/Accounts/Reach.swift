/// Which jobs somebody may see and touch at all.
package struct Reach: Sendable, Hashable {
  /// Only those of this organization; `nil` for all.
  package var organization: String?
  /// Only those that belong to this user or token; `nil` for all.
  package var owner: String?

  package init(organization: String? = nil, owner: String? = nil) {
    self.organization = organization
    self.owner = owner
  }

  package var isEverything: Bool { organization == nil && owner == nil }

  package func includes(organization: String?, owner: String?) -> Bool {
    (self.organization == nil || self.organization == organization) && (self.owner == nil || self.owner == owner)
  }

  /// The same of a row of `nightshift_payloads`, in SQL.
  func condition(on payload: String) -> (text: String, values: [SQLValue]) {
    let parts = [("organization", organization), ("owner", owner)].compactMap { column, name in
      name.map { ("\(payload).\(column) = ?", SQLValue.text($0)) }
    }
    return (parts.isEmpty ? "1 = 1" : parts.map(\.0).joined(separator: " AND "), parts.map(\.1))
  }

  /// The contrary of ``condition(on:)``, which holds as well where nothing is said of whose a job is.
  func conditionOfLyingBeyond(on payload: String) -> (text: String, values: [SQLValue]) {
    let parts = [("organization", organization), ("owner", owner)].compactMap { column, name in
      name.map { ("\(payload).\(column) IS NULL OR \(payload).\(column) <> ?", SQLValue.text($0)) }
    }
    return (parts.isEmpty ? "1 = 0" : parts.map(\.0).joined(separator: " OR "), parts.map(\.1))
  }
}

extension Actor {
  /// Members have their own jobs, and whoever belongs to an organization has that one's.
  package var reach: Reach { Reach(organization: organization, owner: role == .member ? id : nil) }

  /// What it may change: whoever is no operator, its own jobs only, though an approver looks at all.
  var reachOfChanges: Reach { Reach(organization: organization, owner: role < .operator ? id : nil) }
}

extension Engine {
  /// Whether a job lies within somebody's reach. One that does not exist lies within everybody's: whoever asks for it
  /// is told that there is none.
  package func reaches(_ reach: Reach, _ job: JobID) async throws(StoreError) -> Bool {
    guard !reach.isEverything else { return true }
    return try await store.read { transaction in try Self.reaches(reach, job, transaction) }
  }

  static func reaches(
    _ reach: Reach, _ job: JobID, _ transaction: any ReadTransaction
  ) throws(StoreError) -> Bool {
    let row = try transaction.query(
      "SELECT organization, owner FROM nightshift_payloads WHERE id = ?", [SQLValue(job)]
    ).first
    return row.map { reach.includes(organization: $0.text(0), owner: $0.text(1)) } ?? true
  }

  /// Whether somebody may see a question: its job lies within reach, or it names the one who asks as reviewer.
  package func reaches(_ reach: Reach, _ checkpoint: Checkpoint, for actor: Actor) async throws(StoreError) -> Bool {
    if checkpoint.users.contains(where: actor.isCalled) {
      return try await reaches(Reach(organization: reach.organization), checkpoint.job)
    }
    return try await reaches(reach, checkpoint.job)
  }

  /// Whether all jobs of a workflow lie within somebody's reach.
  package func reaches(_ reach: Reach, _ workflow: WorkflowID) async throws(StoreError) -> Bool {
    guard !reach.isEverything else { return true }
    return try await store.read { transaction in try Self.reaches(reach, workflow, transaction) }
  }

  static func reaches(
    _ reach: Reach, _ workflow: WorkflowID, _ transaction: any ReadTransaction
  ) throws(StoreError) -> Bool {
    try transaction.query(
      """
      SELECT p.organization, p.owner FROM nightshift_workflow_jobs w JOIN nightshift_payloads p ON p.id = w.job
      WHERE w.workflow = ? LIMIT 10000
      """, [.integer(workflow.rawValue)]
    ).allSatisfy { reach.includes(organization: $0.text(0), owner: $0.text(1)) }
  }
}

extension JobFilter {
  /// Of the jobs that this filter means, those that somebody may see; `nil` if it asks for others by name.
  package func asked(by actor: Actor, _ redaction: Redaction) -> JobFilter? {
    var filter = within(actor.reach)
    filter?.searchesContents = !redaction.hides(from: actor)
    return filter
  }

  /// Of the jobs that this filter means, those within reach; `nil` if it asks for others by name.
  package func within(_ reach: Reach) -> JobFilter? {
    var filter = self
    if let organization = reach.organization {
      guard filter.organization == nil || filter.organization == organization else { return nil }
      filter.organization = organization
    }
    if let owner = reach.owner {
      guard filter.owner == nil || filter.owner == owner else { return nil }
      filter.owner = owner
    }
    return filter
  }
}
