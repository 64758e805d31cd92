/// One table as ``StoreMove`` carries it from one database to another.
struct MovedTable: Sendable {
  /// Without `nightshift_`.
  var name: String
  /// What tells its rows apart, and the order in which they are read.
  var key: [String]
  /// The other columns, each as it is read.
  var rest: [Column]
  /// The column whose values may be large: its length decides how many rows are read at once.
  var heavy: String?
  /// Whether a database may have several rows for one key, which are to be added up.
  var isAppended = false
  /// Rows that stay behind.
  var condition = "1 = 1"

  struct Column: Sendable {
    var name: String
    /// The expression that reads it.
    var reading: String

    init(_ name: String, reading: String? = nil) {
      self.name = name
      self.reading = reading ?? name
    }
  }

  init(
    _ name: String, key: [String], _ rest: [String], heavy: String? = nil, condition: String = "1 = 1"
  ) {
    self.name = name
    self.key = key
    self.rest = rest.map { Column($0) }
    self.heavy = heavy
    self.condition = condition
  }

  var columns: [String] { key + rest.map(\.name) }
  var fullName: String { "nightshift_\(name)" }
}

extension MovedTable {
  /// Said in the settings of a database while a move into it is under way.
  static let marker = "move_from"

  /// All that is carried over. What belongs to living processes (workers, their kinds, events) stays behind, and the
  /// counters are made anew from the jobs.
  static let all: [MovedTable] = [
    MovedTable("queues", key: ["name"], ["created_at", "paused_at", "paused_by", "paused_until", "pause_reason"]),
    MovedTable(
      "kinds", key: ["kind"],
      [
        "queue", "priority", "max_attempts", "timeout", "backoff", "description", "source", "schema", "keep_completed",
        "keep_dead", "registered_at",
      ]),
    MovedTable(
      "settings", key: ["name"], ["value"],
      // Who listens to events is said anew by those who do.
      condition: "name NOT IN ('\(marker)', '\(ForeignEvents.setting)')"),
    MovedTable(
      "tokens", key: ["id"],
      [
        "name", "sha256", "role", "created_at", "created_by", "expires_at", "last_used_at", "revoked_at", "scopes",
        "organization",
      ]),
    MovedTable("organizations", key: ["name"], ["title", "created_at", "created_by"]),
    MovedTable(
      "users", key: ["id"],
      [
        "name", "title", "role", "organization", "password", "is_temporary", "created_at", "created_by", "password_at",
        "signed_in_at", "disabled_at",
      ]),
    MovedTable("sign_in_failures", key: ["subject"], ["failures", "last_at", "locked_until"]),
    MovedTable(
      "sessions", key: ["id"], ["sha256", "account", "created_at", "used_at", "expires_at", "address", "agent"]),
    jobs,
    MovedTable(
      "payloads", key: ["id"], ["payload", "timeout", "organization", "owner", "traceparent", "tags", "limit_key"],
      heavy: "payload"),
    MovedTable("results", key: ["id"], ["result"], heavy: "result"),
    MovedTable("keys", key: ["scope", "key"], ["job", "expires_at", "fingerprint"]),
    MovedTable("tags", key: ["tag", "job"], []),
    MovedTable("old_payloads", key: ["job", "version"], ["replaced_at", "payload"], heavy: "payload"),
    MovedTable(
      "attempts", key: ["job", "attempt"],
      ["worker", "started_at", "ended_at", "outcome", "error_type", "error_message", "error_detail"],
      heavy: "error_detail"),
    MovedTable("logs", key: ["job", "seq"], ["attempt", "at", "level", "message"], heavy: "message"),
    MovedTable("progress", key: ["job"], ["attempt", "millionths", "message", "at"]),
    MovedTable("artifacts", key: ["job", "name"], ["attempt", "type", "size", "sha256", "created_at"]),
    MovedTable("artifact_chunks", key: ["job", "name", "attempt", "seq"], ["content"], heavy: "content"),
    MovedTable(
      "schedules", key: ["name"],
      [
        "source", "enabled", "declared", "overridden", "fired_until", "next_at", "last_at", "created_at", "updated_at",
        "problem",
      ], heavy: "overridden"),
    MovedTable("slots", key: ["schedule", "at"], ["fired_at", "outcome", "detail", "job", "open"], heavy: "detail"),
    MovedTable(
      "steps", key: ["job", "key"],
      ["seq", "state", "attempt", "tries", "started_at", "ended_at", "type", "result", "error"], heavy: "result"),
    MovedTable(
      "waits", key: ["id"],
      ["job", "key", "type", "state", "names", "target", "due_at", "created_at", "ended_at", "name", "payload"],
      heavy: "payload"),
    MovedTable("signals", key: ["id"], ["job", "name", "payload", "sent_at", "sent_by", "wait"], heavy: "payload"),
    MovedTable(
      "checkpoints", key: ["id"],
      [
        "job", "attempt", "key", "type", "state", "title", "body", "data", "schema", "risk", "digest", "policy",
        "reminders", "escalated_at", "created_at", "expires_at", "decided_at", "choice", "answer",
      ], heavy: "data"),
    MovedTable(
      "decisions", key: ["checkpoint", "seq"],
      ["job", "verdict", "actor", "role", "address", "via", "at", "comment", "choice", "changes"], heavy: "changes"),
    MovedTable(
      "grants", key: ["id"],
      [
        "kind", "key", "job", "digest", "risk", "expires_at", "checkpoint", "granted_by", "role", "created_at",
        "organization", "account",
      ]),
    MovedTable(
      "profile", key: ["hour", "kind", "part", "name"],
      ["n", "failures", "sum_us", "max_us", "buckets", "slowest"]),
    MovedTable(
      "slow_kinds", key: ["kind"],
      ["p95_us", "window_us", "least", "updated_at", "updated_by", "slow_since", "slow_p95_us"]),
    MovedTable("requesters", key: ["job", "actor"], []),
    MovedTable("schedule_editors", key: ["schedule", "actor"], []),
    MovedTable("forks", key: ["job"], ["origin", "step", "forked_by"]),
    MovedTable("dependencies", key: ["job", "depends_on"], ["ref", "on_death", "state", "outcome"]),
    MovedTable("workflows", key: ["id"], ["name", "created_at", "created_by"]),
    MovedTable("workflow_jobs", key: ["workflow", "ref"], ["position", "job", "kind", "callback", "outcome"]),
    MovedTable(
      "gates", key: ["id"],
      [
        "type", "name", "definition", "created_at", "updated_at", "updated_by", "closed_at", "closed_until", "reason",
        "trips", "gone_at",
      ]),
    MovedTable("turns", key: ["queue", "priority", "lane"], ["turn"]),
    MovedTable("dispatches", key: ["pool", "at"], ["n"]),
    MovedTable("wakes", key: ["pool"], ["at"]),
    MovedTable("dead_letters", key: ["job"], ["fingerprint", "died_at"]),
    MovedTable("ignored_errors", key: ["fingerprint"], ["ignored_at", "ignored_by", "reason"]),
    MovedTable(
      "operations", key: ["id"],
      [
        "verb", "subject", "reason", "state", "total", "changed", "looked_at", "position", "actor", "role", "address",
        "worker", "created_at", "ended_at", "ended_by", "error",
      ], heavy: "subject"),
    MovedTable("views", key: ["owner", "page", "name"], ["query", "created_at"]),
    rollups,
    MovedTable("outbox", key: ["id"], ["at", "topic", "job", "attempt", "body"], heavy: "body"),
    MovedTable(
      "audit", key: ["id"], ["at", "actor", "role", "address", "verb", "subject", "detail", "seq", "hash"],
      heavy: "detail"),
    MovedTable(
      "secrets", key: ["name"],
      ["version", "key_id", "value", "created_at", "created_by", "updated_at", "updated_by", "used_at"]),
  ]

  /// Tables whose rows get their id from the database.
  static let numbered = ["outbox", "audit", "events", "gates"]

  private static let jobs = MovedTable(
    "jobs", key: ["id"],
    [
      "queue", "kind", "state", "priority", "run_at", "attempt", "failures", "crashes", "max_attempts", "version",
      "hold", "hold_until", "worker", "started_at", "finished_at", "cancel_requested_at", "cancel_reason", "stuck_at",
      "turn", "lane", "held_by",
    ])

  /// A database with many writers appends to them.
  private static let rollups: MovedTable = {
    let sums = ["enqueued", "completed", "failed", "dead", "cancelled", "wait_us", "run_us"]
    var table = MovedTable("rollups", key: ["hour", "queue", "kind"], [])
    table.rest =
      sums.map { Column($0, reading: "CAST(sum(\($0)) AS bigint)") }
      + ["wait_max_us", "run_max_us"].map { Column($0, reading: "max(\($0))") }
    table.isAppended = true
    return table
  }()
}

// MARK: Its statements

extension MovedTable {
  /// How many rows are read at once; of tables with a heavy column, at most as many.
  static let pageRows = 500
  /// How many bytes of the heavy column are read at once, unless one row alone has more.
  static let pageBytes: Int64 = 4 << 20

  private func page(_ columns: [String], _ conditions: [String]) -> String {
    """
    SELECT \(columns.joined(separator: ", ")) FROM \(fullName)
    WHERE \((conditions + [condition]).joined(separator: " AND "))
    \(isAppended ? "GROUP BY \(keyList)" : "") ORDER BY \(keyList) LIMIT ?
    """
  }

  private var keyList: String { key.joined(separator: ", ") }

  private func bound(_ comparison: String) -> String {
    "(\(keyList)) \(comparison) (\(key.map { _ in "?" }.joined(separator: ", ")))"
  }

  /// The next rows in the order of the key, as they are stored.
  func rows(after last: [SQLValue]?, _ transaction: any ReadTransaction) throws(StoreError) -> [SQLRow] {
    let conditions = last == nil ? [] : [bound(">")]
    let limit = try pageLength(conditions, last ?? [], transaction)
    return try transaction.query(
      page(key + rest.map(\.reading), conditions), (last ?? []) + [SQLValue(limit)])
  }

  /// How many rows fit into a page; at least one, so that it goes on.
  private func pageLength(
    _ conditions: [String], _ last: [SQLValue], _ transaction: any ReadTransaction
  ) throws(StoreError) -> Int {
    guard let heavy else { return Self.pageRows }
    let lengths = try transaction.query(
      page(["coalesce(length(\(heavy)), 0)"], conditions), last + [SQLValue(Self.pageRows)])
    var (rows, bytes) = (0, Int64(0))
    for length in lengths {
      bytes += length.integer(0) ?? 0
      guard rows == 0 || bytes <= Self.pageBytes else { break }
      rows += 1
    }
    return max(rows, 1)
  }

  /// The key of the last row; `nil` if there is none.
  func lastKey(_ transaction: any ReadTransaction) throws(StoreError) -> [SQLValue]? {
    let descending = key.map { "\($0) DESC" }.joined(separator: ", ")
    return try transaction.query(
      "SELECT \(keyList) FROM \(fullName) WHERE \(condition) ORDER BY \(descending) LIMIT 1"
    ).first?.values
  }

  func count(_ transaction: any ReadTransaction) throws(StoreError) -> Int64 {
    let rows = isAppended ? "(SELECT DISTINCT \(keyList) FROM \(fullName)) AS t" : fullName
    return try transaction.query("SELECT count(*) FROM \(rows) WHERE \(condition)")[0].integer(0) ?? 0
  }

  /// Adds rows that are not there yet.
  func insert(_ rows: [SQLRow], _ transaction: any WriteTransaction) throws(StoreError) {
    guard !isAppended else { return try append(rows, transaction) }
    guard !rows.isEmpty else { return }
    let row = "(\(columns.map { _ in "?" }.joined(separator: ", ")))"
    try transaction.execute(
      """
      INSERT INTO \(fullName)(\(columns.joined(separator: ", ")))
      VALUES \(Array(repeating: row, count: rows.count).joined(separator: ", ")) ON CONFLICT DO NOTHING
      """, rows.flatMap(\.values))
  }

  /// Without a constraint that a conflict could be with.
  private func append(_ rows: [SQLRow], _ transaction: any WriteTransaction) throws(StoreError) {
    let same = key.map { "\($0) = ?" }.joined(separator: " AND ")
    let marks = columns.map { _ in "?" }.joined(separator: ", ")
    for row in rows {
      try transaction.execute(
        """
        INSERT INTO \(fullName)(\(columns.joined(separator: ", ")))
        SELECT \(marks) WHERE NOT EXISTS (SELECT 1 FROM \(fullName) WHERE \(same))
        """, row.values + row.values.prefix(key.count))
    }
  }
}
