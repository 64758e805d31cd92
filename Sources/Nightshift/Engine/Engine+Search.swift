extension Engine {
  /// Jobs, newest first.
  ///
  /// Answers within about 50 ms however many jobs there are: a search that would need longer stops and tells how far
  /// it came, see ``JobPage/searchedBackTo``.
  package func jobs(
    _ filter: JobFilter, before: JobID? = nil, limit: Int = 50
  ) async throws(StoreError) -> JobPage {
    let clock = clock
    return try await store.read { transaction in
      try JobSearch(filter, before: before, limit: limit, clock: clock).page(transaction)
    }
  }
}

/// One request's walk over the jobs. The hot tables have no index for people's filters; the walk goes down the primary
/// key in windows, and where few jobs are in the wanted states, through the small partial indexes instead.
struct JobSearch {
  /// Time that one request may take.
  static let budget: Duration = .milliseconds(50)
  static let window = 2_000
  /// Up to so many jobs in the wanted states are fetched through the partial indexes and sorted.
  static let few = 5_000
  /// The most ids that an index gives at once.
  private static let most = 20_000

  private let filter: JobFilter
  private let before: JobID?
  private let limit: Int
  private let clock: any WallClock

  init(_ filter: JobFilter, before: JobID?, limit: Int, clock: any WallClock) {
    self.filter = filter
    self.before = before
    self.limit = limit
    self.clock = clock
  }

  func page(_ transaction: any ReadTransaction) throws(StoreError) -> JobPage {
    var page = try found(transaction)
    try JobSummary.notePauses(on: &page.jobs, transaction)
    return page
  }

  private func found(_ transaction: any ReadTransaction) throws(StoreError) -> JobPage {
    if let search = filter.search, let id = JobID(search) { return try exactly(id, transaction) }
    if !filter.tags.isEmpty { return try chosen(try tagged(transaction), transaction) }
    if let ids = try belonging(transaction) { return try chosen(ids, transaction) }
    if let ids = try inFewStates(transaction) { return try chosen(ids, transaction) }
    return try walk(transaction)
  }

  private func exactly(_ id: JobID, _ transaction: any ReadTransaction) throws(StoreError) -> JobPage {
    var others = filter
    others.search = nil
    let found = try select("j.id = ?", [SQLValue(id)], others, transaction)
    return JobPage(jobs: before == nil ? found : [], next: nil, searchedBackTo: nil)
  }

  /// Jobs of the owner or of the organization that is asked for; `nil` if neither is.
  private func belonging(_ transaction: any ReadTransaction) throws(StoreError) -> [JobID]? {
    // Whoever owns jobs has fewer than an organization has.
    guard let (column, name) = filter.owner.map({ ("owner", $0) }) ?? filter.organization.map({ ("organization", $0) })
    else { return nil }
    return try transaction.query(
      "SELECT id FROM nightshift_payloads WHERE \(column) = ? AND id < ? ORDER BY id DESC LIMIT \(Self.most)",
      [.text(name), .integer(before?.rawValue ?? .max)]
    ).compactMap { $0.job(0) }
  }

  private func tagged(_ transaction: any ReadTransaction) throws(StoreError) -> [JobID] {
    var sets: [Set<JobID>] = []
    for tag in filter.tags {
      let rows = try transaction.query(
        "SELECT job FROM nightshift_tags WHERE tag = ? AND job < ? ORDER BY job DESC LIMIT \(Self.most)",
        [.text(tag), .integer(before?.rawValue ?? .max)])
      sets.append(Set(rows.compactMap { $0.job(0) }))
    }
    // A job must bear every tag that was asked for.
    return sets.dropFirst().reduce(sets[0]) { $0.intersection($1) }.sorted(by: >)
  }

  /// The jobs in the wanted states, where an index finds them and they are few; else `nil`.
  private func inFewStates(_ transaction: any ReadTransaction) throws(StoreError) -> [JobID]? {
    let indexed: [JobState: String] = [
      .ready: "state = 0 AND hold = 0", .running: "state = 1", .scheduled: "state = 2",
      .dead: "state IN (6, 7)", .cancelled: "state IN (6, 7)",
    ]
    guard !filter.states.isEmpty, filter.states.allSatisfy({ indexed[$0] != nil }) else { return nil }
    let codes = filter.states.map(\.code)
    let counters = try transaction.query("SELECT state, sum(n) FROM nightshift_counters GROUP BY state")
    let count = counters.filter { codes.contains($0.integer(0)!) }.reduce(0) { $0 + ($1.integer(1) ?? 0) }
    guard count <= Self.few else { return nil }
    var conditions = Set(filter.states.compactMap { indexed[$0] })
    if filter.states.contains(.ready) { conditions.insert("hold <> 0") }
    var ids: Set<JobID> = []
    for condition in conditions {
      let rows = try transaction.query("SELECT id FROM nightshift_jobs WHERE \(condition) LIMIT 20000")
      ids.formUnion(rows.compactMap { $0.job(0) })
    }
    return ids.filter { before == nil || $0 < before! }.sorted(by: >)
  }

  /// Those of `ids` (newest first) that the rest of the filter lets through.
  private func chosen(_ ids: [JobID], _ transaction: any ReadTransaction) throws(StoreError) -> JobPage {
    var jobs: [JobSummary] = []
    let deadline = clock.monotonic + Self.budget.microseconds * 1000
    for id in ids {
      jobs += try select("j.id = ?", [SQLValue(id)], filter, transaction)
      if jobs.count == limit { return JobPage(jobs: jobs, next: id, searchedBackTo: nil) }
      if clock.monotonic > deadline { return JobPage(jobs: jobs, next: id, searchedBackTo: id.createdAt) }
    }
    // Beyond what the index gave there may be more.
    if ids.count >= Self.most, let last = ids.last {
      return JobPage(jobs: jobs, next: last, searchedBackTo: last.createdAt)
    }
    return JobPage(jobs: jobs, next: nil, searchedBackTo: nil)
  }

  private func walk(_ transaction: any ReadTransaction) throws(StoreError) -> JobPage {
    var jobs: [JobSummary] = []
    var last = before?.rawValue ?? .max
    let deadline = clock.monotonic + Self.budget.microseconds * 1000
    while true {
      let bounds = try transaction.query(
        """
        SELECT min(id), count(*)
        FROM (SELECT id FROM nightshift_jobs WHERE id < ? ORDER BY id DESC LIMIT \(Self.window)) AS page
        """, [.integer(last)])
      guard let lowest = bounds.first?.integer(0), let count = bounds.first?.integer(1) else {
        return JobPage(jobs: jobs, next: nil, searchedBackTo: nil)
      }
      let found = try select(
        "j.id < ? AND j.id >= ?", [.integer(last), .integer(lowest)], filter, transaction, limit: limit - jobs.count)
      jobs += found
      if jobs.count == limit { return JobPage(jobs: jobs, next: jobs.last?.id, searchedBackTo: nil) }
      if count < Self.window { return JobPage(jobs: jobs, next: nil, searchedBackTo: nil) }
      last = lowest
      if clock.monotonic > deadline {
        let reached = JobID(rawValue: last)
        return JobPage(jobs: jobs, next: reached, searchedBackTo: reached.createdAt)
      }
    }
  }

  private func select(
    _ range: String, _ values: [SQLValue], _ filter: JobFilter, _ transaction: any ReadTransaction, limit: Int = 1
  ) throws(StoreError) -> [JobSummary] {
    let (conditions, bound) = filter.conditions
    return try transaction.query(
      """
      SELECT \(JobSummary.columns) FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id
      WHERE \(([range] + conditions).joined(separator: " AND ")) ORDER BY j.id DESC LIMIT \(limit)
      """, values + bound
    ).map(JobSummary.init)
  }
}

extension JobFilter {
  /// The filter as SQL over `nightshift_jobs j` and `nightshift_payloads p`. Tags are looked up apart.
  fileprivate var conditions: ([String], [SQLValue]) {
    var conditions: [String] = []
    var values: [SQLValue] = []
    func among(_ column: String, _ names: Set<String>) {
      guard !names.isEmpty else { return }
      conditions.append("\(column) IN (\(names.map { _ in "?" }.joined(separator: ", ")))")
      values += names.sorted().map(SQLValue.text)
    }
    if !states.isEmpty {
      conditions.append("j.state IN (\(states.map(\.code).sorted().map(String.init).joined(separator: ", ")))")
    }
    among("j.kind", kinds)
    among("j.queue", queues)
    if let organization { among("p.organization", [organization]) }
    if let owner { among("p.owner", [owner]) }
    if let search, !search.isEmpty {
      // Only ASCII has two cases here: that is what both databases agree on.
      let pattern = SQLValue.text("%\(search.escapedForLike.lowercasedASCII)%")
      guard searchesContents else {
        conditions.append("(lower(j.kind) LIKE ? ESCAPE '\\' OR lower(p.tags) LIKE ? ESCAPE '\\')")
        return (conditions, values + [pattern, pattern])
      }
      conditions.append(
        """
        (lower(nightshift_text(p.payload)) LIKE ? ESCAPE '\\' OR lower(j.kind) LIKE ? ESCAPE '\\'
          OR lower(p.tags) LIKE ? ESCAPE '\\' OR EXISTS(SELECT 1 FROM nightshift_attempts a
            WHERE a.job = j.id AND lower(a.error_message) LIKE ? ESCAPE '\\'))
        """)
      values += [pattern, pattern, pattern, pattern]
    }
    return (conditions, values)
  }
}

extension String {
  /// With `A` to `Z` made small, and nothing else.
  fileprivate var lowercasedASCII: String {
    String(decoding: utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  fileprivate var escapedForLike: String {
    replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
  }
}
