/// What ties a job to others.
package struct JobTies: Sendable, Hashable {
  /// Another job, as seen from this one.
  package struct Other: Sendable, Hashable {
    package var id: JobID
    /// The name under which the dependant knows its dependency.
    package var ref: String?
    /// Where it stands; `nil` if it is not there any more and never ended while it was waited for.
    package var state: JobState?
    package var onDeath: DependencyDeath?
    /// Whether the dependant still waits.
    package var isOpen: Bool
  }

  package struct Place: Sendable, Hashable {
    package var id: WorkflowID
    package var name: String
    package var ref: String
  }

  /// So many dependants are listed.
  package static let mostDependants = 200

  package var dependencies: [Other] = []
  /// How many there are: more than ``dependencies`` where some are not for whoever asks to see.
  package var dependencyCount = 0
  package var dependants: [Other] = []
  /// How many there are, of which ``dependants`` are the first.
  package var dependantCount = 0
  package var workflow: Place?
  /// Changes with everything above, for an entity tag.
  package var stamp: Int64 = 0

  package init() {}

  /// - Parameter reach: Jobs beyond it are counted, and not named.
  init(of job: JobID, within reach: Reach, _ transaction: any ReadTransaction) throws(StoreError) {
    let id = SQLValue(job)
    let dependencies = try transaction.query(
      """
      SELECT d.depends_on, d.ref, coalesce(d.outcome, j.state), d.on_death, d.state, j.version, p.id, p.organization,
        p.owner
      FROM nightshift_dependencies d LEFT JOIN nightshift_jobs j ON j.id = d.depends_on
      LEFT JOIN nightshift_payloads p ON p.id = d.depends_on
      WHERE d.job = ? ORDER BY d.depends_on
      """, [id]
    ).filter { row in
      // Of one that is not there any more nobody can tell whose it was.
      row.integer(6) == nil ? reach.isEverything : reach.includes(organization: row.text(7), owner: row.text(8))
    }
    self.dependencies = dependencies.map(Other.init)
    let needed = try transaction.query("SELECT count(*) FROM nightshift_dependencies WHERE job = ?", [id])
    dependencyCount = Int(needed[0].integer(0) ?? 0)
    let count = try transaction.query("SELECT count(*) FROM nightshift_dependencies WHERE depends_on = ?", [id])
    dependantCount = Int(count[0].integer(0) ?? 0)
    let (condition, values) = reach.condition(on: "p")
    let dependants = try transaction.query(
      """
      SELECT d.job, NULL, j.state, d.on_death, d.state, j.version FROM nightshift_dependencies d
      LEFT JOIN nightshift_jobs j ON j.id = d.job LEFT JOIN nightshift_payloads p ON p.id = d.job
      WHERE d.depends_on = ? AND \(condition) ORDER BY d.job LIMIT 200
      """, [id] + values)
    self.dependants = dependants.map(Other.init)
    let places = try transaction.query(
      """
      SELECT w.id, w.name, m.ref FROM nightshift_workflow_jobs m JOIN nightshift_workflows w ON w.id = m.workflow
      WHERE m.job = ? ORDER BY w.id LIMIT 1
      """, [id])
    if let row = places.first {
      let place = Place(id: WorkflowID(rawValue: row.integer(0)!), name: row.text(1)!, ref: row.text(2)!)
      let isSeen = reach.isEverything ? true : try Engine.reaches(reach, place.id, transaction)
      if isSeen { workflow = place }
    }
    stamp = (dependencies + dependants).reduce(Int64(dependantCount)) { $0 &* 31 &+ ($1.integer(5) ?? 0) }
  }
}

extension JobTies.Other {
  fileprivate init(_ row: SQLRow) {
    self.init(
      id: row.job(0)!, ref: row.text(1), state: row.integer(2).flatMap(JobState.init(code:)),
      onDeath: row.integer(3).flatMap(NewDependency.Policy.init(rawValue:))?.choice, isOpen: row.integer(4) == 0)
  }
}
