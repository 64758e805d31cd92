import Foundation
@testable import Nightshift

/// All that can be seen of the jobs, as text: a line for each job, and one for each counter.
enum WalkSnapshot {
  static func time(_ moment: Timestamp?, since start: Timestamp) -> String {
    moment.map { "+\(($0 - start).microseconds / 1000)" } ?? "-"
  }
}

extension WalkModel {
  func snapshot(since start: Timestamp) -> [String: String] {
    var lines: [String: String] = [:]
    var counters: [String: Int] = [:]
    for number in present {
      let job = jobs[number]
      counters["\(job.queue)/\(job.state.rawValue)", default: 0] += 1
      lines["j\(number)"] = describe(job, since: start)
    }
    for (counter, count) in counters { lines["counter \(counter)"] = "\(count)" }
    return lines
  }

  /// What jobs are and were, roughly: to see whether walks come everywhere.
  var marks: Set<String> {
    var marks: Set<String> = []
    for job in present.map({ jobs[$0] }) {
      marks.insert(job.state.rawValue)
      if job.hold != nil { marks.insert("on hold") }
      for attempt in job.attempts { marks.insert("attempt \(attempt.outcome)") }
      for wait in job.waits { marks.insert("\(wait.kind) \(wait.state)") }
      for question in job.questions { marks.insert("\(question.type.rawValue) \(question.state.rawValue)") }
      for topic in job.told.keys { marks.insert("told \(topic)") }
      for choice in job.questions.compactMap(\.choice) { marks.insert("choice \(choice)") }
      if job.signals.contains(where: \.isTaken) { marks.insert("signal taken") }
    }
    return marks
  }

  /// What a thousand walks come upon.
  static let usualMarks: Set<String> = [
    "blocked", "scheduled", "ready", "running", "waiting", "completed", "dead", "cancelled", "on hold",
    "attempt failed",
    "attempt snoozed", "attempt parked", "attempt cancelled", "attempt lost", "attempt crashed", "time open",
    "time satisfied", "time withdrawn", "signal open", "signal satisfied", "signal timedOut", "signal withdrawn",
    "signal taken", "checkpoint open", "checkpoint satisfied", "checkpoint timedOut", "checkpoint withdrawn",
    "checkpoint rejected", "child open", "child satisfied", "approval pending", "approval approved",
    "approval rejected", "approval expired", "approval withdrawn", "info noted", "error pending", "error approved",
    "told dead", "told cancelled", "told checkpoint.reminder", "told checkpoint.escalated", "told checkpoint.expired",
    "told checkpoint.info", "choice happened", "choice again", "choice fail",
  ]

  private func describe(_ job: Job, since start: Timestamp) -> String {
    let time = { (moment: Timestamp?) in WalkSnapshot.time(moment, since: start) }
    let attempts = job.attempts.map { "\($0.number):\($0.outcome)" }
    let steps = job.steps.map { "\($0.key)=\($0.state.rawValue)/\($0.attempt)/\($0.tries)" }.sorted()
    let waits = job.waits.map {
      "\($0.key):\($0.kind):\($0.state)\($0.state == .open ? "@\(time($0.due))" : "")"
    }.sorted()
    let questions = job.questions.map {
      "\($0.key):\($0.type.rawValue):\($0.state.rawValue):\($0.decisions):\($0.choice ?? "-"):\($0.reminders)"
    }.sorted()
    let signals = job.signals.map { "\($0.name)\($0.isTaken ? "!" : "")" }
    let ties = job.ties.sorted { $0.target < $1.target }.map {
      "j\($0.target)\($0.isOpen ? "?" : "")\($0.outcome.map { "=\($0.rawValue)" } ?? "")"
    }
    let told = job.told.map { "\($0.key)*\($0.value)" }.sorted()
    return """
      \(job.state.rawValue) attempt=\(job.attempt) failures=\(job.failures) crashes=\(job.crashes) \
      of=\(job.maxAttempts) \(job.priority.rawValue) at=\(time(job.runAt)) \
      hold=\(job.hold?.rawValue ?? 0)\(job.isCancelRequested ? " cancelled" : "") \
      result=\(job.result.map(String.init) ?? "-") attempts=\(attempts) steps=\(steps) waits=\(waits) \
      questions=\(questions) signals=\(signals) ties=\(ties) told=\(told)
      """
  }
}

extension WalkWorld {
  /// - Parameter start: Times are told from here on.
  func snapshot(since start: Timestamp) async throws -> [String: String] {
    let ids = ids
    return try await engine.store.read { transaction in
      try WalkReader(transaction, ids, start).lines()
    }
  }

  /// The tables in which something is left although there is no job.
  func leftovers() async throws -> [String] {
    let tables = [
      "payloads", "results", "tags", "attempts", "progress", "old_payloads", "steps", "waits", "signals", "checkpoints",
      "decisions", "dependencies",
    ]
    return try await engine.store.read { transaction in
      try tables.filter { try !transaction.query("SELECT 1 FROM nightshift_\($0) LIMIT 1").isEmpty }
    }
  }
}

/// Reads what the store has, in the words of the model.
private struct WalkReader {
  let transaction: any ReadTransaction
  let numbers: [JobID: Int]
  let start: Timestamp

  init(_ transaction: any ReadTransaction, _ ids: [JobID], _ start: Timestamp) {
    self.transaction = transaction
    numbers = Dictionary(ids.enumerated().map { ($1, $0) }) { $1 }
    self.start = start
  }

  func lines() throws -> [String: String] {
    let attempts = try lists("SELECT job, attempt, outcome FROM nightshift_attempts ORDER BY job, attempt") {
      "\($0.integer(1)!):\($0.text(2)!)"
    }
    let steps = try lists("SELECT job, key, state, attempt, tries FROM nightshift_steps", sorted: true) {
      "\(name($0.text(1)!))=\($0.integer(2)!)/\($0.integer(3)!)/\($0.integer(4)!)"
    }
    let waits = try lists("SELECT job, key, type, state, due_at FROM nightshift_waits", sorted: true, wait)
    let questions = try lists(
      """
      SELECT c.job, c.key, c.type, c.state, c.choice, c.reminders,
        (SELECT count(*) FROM nightshift_decisions d WHERE d.checkpoint = c.id)
      FROM nightshift_checkpoints c
      """, sorted: true
    ) {
      "\(name($0.text(1)!)):\($0.text(2)!):\($0.text(3)!):\($0.integer(6)!):\($0.text(4) ?? "-"):\($0.integer(5)!)"
    }
    let signals = try lists("SELECT job, name, wait FROM nightshift_signals ORDER BY id") {
      "\($0.text(1)!)\($0.integer(2) == nil ? "" : "!")"
    }
    let ties = try lists(
      "SELECT job, depends_on, state, outcome FROM nightshift_dependencies ORDER BY depends_on"
    ) { row in
      let outcome = row.integer(3).flatMap(JobState.init(code:)).map { "=\($0.rawValue)" } ?? ""
      return "\(job(row.job(1)))\(row.integer(2) == 0 ? "?" : "")\(outcome)"
    }
    let told = try lists("SELECT job, topic, count(*) FROM nightshift_outbox GROUP BY job, topic", sorted: true) {
      "\($0.text(1)!)*\($0.integer(2)!)"
    }
    var lines = try counters()
    for row in try transaction.query(Self.jobs) {
      let id = row.job(0)!
      func list(_ lists: [JobID: [String]]) -> String { "\(lists[id] ?? [])" }
      lines[job(id)] = """
        \(state(row)) attempts=\(list(attempts)) steps=\(list(steps)) waits=\(list(waits)) \
        questions=\(list(questions)) signals=\(list(signals)) ties=\(list(ties)) told=\(list(told))
        """
    }
    return lines
  }

  private static let jobs = """
    SELECT j.id, j.state, j.attempt, j.failures, j.crashes, j.max_attempts, j.priority, j.run_at, j.hold,
      j.cancel_requested_at, r.result
    FROM nightshift_jobs j LEFT JOIN nightshift_results r ON r.id = j.id
    """

  private func state(_ row: SQLRow) -> String {
    // What limits keep back is theirs to decide.
    let hold = row.integer(8)! < Hold.Reason.limit.rawValue ? row.integer(8)! : 0
    let result = row.bytes(10).map { String(decoding: $0, as: UTF8.self) } ?? "-"
    return """
      \(JobState(code: row.integer(1)!)!.rawValue) attempt=\(row.integer(2)!) failures=\(row.integer(3)!) \
      crashes=\(row.integer(4)!) of=\(row.integer(5)!) \(Priority(code: row.integer(6)!)!.rawValue) \
      at=\(WalkSnapshot.time(row.timestamp(7), since: start)) \
      hold=\(hold)\(row.integer(9) == nil ? "" : " cancelled") result=\(result)
      """
  }

  private func wait(_ row: SQLRow) -> String {
    let (kind, state) = (Wait.Kind(rawValue: row.integer(2)!)!, Wait.State(rawValue: row.integer(3)!)!)
    let due = state == .open ? "@\(WalkSnapshot.time(row.timestamp(4), since: start))" : ""
    return "\(name(row.text(1)!)):\(kind):\(state)\(due)"
  }

  private func counters() throws -> [String: String] {
    let rows = try transaction.query(
      "SELECT queue, state, sum(n) FROM nightshift_counters GROUP BY queue, state HAVING sum(n) <> 0")
    return Dictionary(
      uniqueKeysWithValues: rows.map { row in
        ("counter \(row.text(0)!)/\(JobState(code: row.integer(1)!)!.rawValue)", "\(row.integer(2)!)")
      })
  }

  /// Rows as text, by the job that is their first column.
  private func lists(
    _ sql: String, sorted: Bool = false, _ text: (SQLRow) -> String
  ) throws -> [JobID: [String]] {
    var lists: [JobID: [String]] = [:]
    for row in try transaction.query(sql) { lists[row.job(0)!, default: []].append(text(row)) }
    return sorted ? lists.mapValues { $0.sorted() } : lists
  }

  private func job(_ id: JobID?) -> String { id.flatMap { numbers[$0] }.map { "j\($0)" } ?? "j?" }

  /// A key with the number of the job that it names, and without the id under which an old one is kept.
  private func name(_ key: String) -> String {
    var key = key
    if let old = key.lastIndex(of: "~") { key = String(key[...old]) }
    guard key.hasPrefix("child job_") else { return key }
    let text = key.dropFirst("child ".count).prefix("job_".count + 13)
    return "child \(job(JobID(String(text))))\(key.dropFirst("child ".count + text.count))"
  }
}
