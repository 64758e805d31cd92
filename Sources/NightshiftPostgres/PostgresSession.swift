import Nightshift

/// A connection with the transaction that runs on it, and what that adds up to. Used by one thread at a time.
///
/// The first statement goes out together with `BEGIN`, and the counters together with `COMMIT`: a transaction costs two
/// turns to the server where each statement of its own would cost one.
final class PostgresSession {
  let connection: PostgresConnection
  var tally = GroupTally()
  var takenSteps: Set<Migration.Step> = []
  var gates = GateSet.none
  /// Queues that are known to have a row.
  var knownQueues: Set<String> = []
  /// Whether the transaction did more than move jobs, so that other processes have to read again what they keep.
  var changesMore = false
  /// Who listens to transitions.
  var audience = Audience() {
    didSet { tally.collectsTransitions = audience.here || audience.elsewhere != nil }
  }
  private var unsent: [PostgresConnection.Request] = []
  /// Whether the transaction was undone by its own body, with nothing to commit.
  private var isUndone = false
  private(set) var isOpen = false
  /// The fault behind the last error that was thrown, since the seam's errors do not tell a deadlock from a defect.
  private(set) var fault: PostgresFault?
  private var translations: [String: String] = [:]
  /// How long a turn to the server may take.
  var limit = PostgresConnection.deadline

  init(_ connection: PostgresConnection) { self.connection = connection }

  convenience init(connecting url: PostgresURL, role: String) throws(StoreError) {
    do throws(PostgresFault) {
      self.init(try PostgresConnection(url, role: role))
    } catch {
      throw error.error
    }
  }

  // MARK: The transaction

  func begin(_ mode: String = "") {
    tally = GroupTally()
    changesMore = false
    isUndone = false
    fault = nil
    unsent = connection.begin(mode)
  }

  /// Sends statements, behind whatever has not been sent yet, and returns the results of these.
  func send(_ requests: [PostgresConnection.Request]) throws(StoreError) -> [PostgresResult] {
    let first = unsent
    unsent = []
    do throws(PostgresFault) {
      let results = try connection.send(first + requests, within: limit)
      isOpen = isOpen || !first.isEmpty
      return Array(results.dropFirst(first.count))
    } catch {
      isOpen = isOpen || !first.isEmpty
      fault = fault ?? error
      throw error.error
    }
  }

  func send(_ sql: String, _ parameters: PostgresParameters) throws(StoreError) -> PostgresResult {
    try send([(sql, parameters)])[0]
  }

  /// Undoes what was done so far; the transaction ends with nothing to tell.
  func undo() {
    rollBack()
    tally = GroupTally()
    changesMore = false
    isUndone = true
  }

  /// - Parameter token: A mark to leave with the commit, by which ``hasCommitted(_:)`` finds it.
  func commit(marking token: Int64? = nil) throws(StoreError) {
    guard isOpen, !isUndone else {
      // Nothing was said to the server.
      unsent = []
      return
    }
    try finish()
    if tally.notice.gatesChanged { changesMore = true }
    if audience.elsewhere != nil, !tally.notice.transitions.isEmpty { changesMore = true }
    if tally.notice.foreignChange { changesMore = true }
    var requests = tally.requests + tally.transitionRequests(as: audience.elsewhere)
    if let token { requests.append((translated(Self.mark), PostgresParameters([.integer(token)]))) }
    let results = try send(requests + [("COMMIT", PostgresParameters())])
    isOpen = false
    // PostgreSQL answers so, and with no error, when a statement before has failed.
    guard results.last?.tag != "ROLLBACK" else {
      throw StoreError(.invalid, "A statement of the transaction had failed, and it was undone.")
    }
  }

  func rollBack() {
    unsent = []
    knownQueues = []
    guard isOpen else { return }
    isOpen = false
    // A connection that fails here is marked as broken, and the server undoes what is left.
    _ = try? connection.send([("ROLLBACK", PostgresParameters())])
  }

  /// Whether a transaction that was marked has been committed, after its answer was lost. Should it be under way still,
  /// this waits for its end; should it come back later, it cannot commit any more, since its mark is taken.
  ///
  /// Not by `pg_xact_status`: after a crash PostgreSQL gives the numbers of transactions that never reached its log to
  /// others.
  func hasCommitted(_ token: Int64) throws(StoreError) -> Bool {
    begin()
    do throws(StoreError) {
      try execute(Self.questionMark, [.integer(token)])
      let at = try query("SELECT at FROM nightshift_commits WHERE token = ?", [.integer(token)])
      try commit()
      return (at.first?.integer(0) ?? 0) > 0
    } catch {
      rollBack()
      throw error
    }
  }

  private static let mark = """
    INSERT INTO nightshift_commits(token, at)
    VALUES(?, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint))
    """
  /// A negative time, so that whoever has to ask a second time does not take the first question for the commit.
  private static let questionMark = """
    INSERT INTO nightshift_commits(token, at)
    VALUES(?, -CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)) ON CONFLICT(token) DO NOTHING
    """

  // MARK: Portable SQL

  /// Replaces each `?` by a numbered parameter.
  func translated(_ sql: String) -> String {
    if let known = translations[sql] { return known }
    // Some statements are made up of their conditions; there are not many, but nothing bounds them.
    if translations.count >= 500 { translations.removeAll() }
    let translation = sql.withNumberedParameters
    translations[sql] = translation
    return translation
  }
}

extension PostgresSession: StoreSession {
  func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [SQLRow] {
    try send(translated(sql), PostgresParameters(values)).rows
  }

  @discardableResult
  func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int {
    try send(translated(sql), PostgresParameters(values)).affected
  }

  func awaited(among jobs: [JobID]) throws(StoreError) -> Set<JobID> {
    guard try knowsWorkflows else { return [] }
    return try send([PostgresStatements.awaited(among: jobs)])[0].jobs
  }

  func lock(_ table: String, where condition: String, _ values: [SQLValue]) throws(StoreError) {
    _ = try query("SELECT 1 FROM \(table) WHERE \(condition) FOR UPDATE", values)
  }

  func keep(_ table: String, where condition: String, _ values: [SQLValue]) throws(StoreError) {
    _ = try query("SELECT 1 FROM \(table) WHERE \(condition) FOR SHARE", values)
  }

  func takeTurns(on key: String) throws(StoreError) {
    _ = try query("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", [.text(key)])
  }

  func continueNumbering(of table: String) throws(StoreError) {
    // Not called, and so not "used" either, where there is no row: the first one is number 1.
    _ = try query(
      "SELECT setval(pg_get_serial_sequence(?, 'id'), max(id)) FROM \(table) HAVING max(id) > 0", [.text(table)])
  }
}

extension String {
  /// With `$1`, `$2`, … for each `?` that is not within quotes.
  var withNumberedParameters: String {
    var number = 0
    var isQuoted = false
    var translation = ""
    translation.reserveCapacity(utf8.count + 16)
    for character in unicodeScalars {
      if character == "'" { isQuoted.toggle() }
      if character == "?" && !isQuoted {
        number += 1
        translation += "$\(number)"
      } else {
        translation.unicodeScalars.append(character)
      }
    }
    return translation
  }
}

extension GroupTally {
  /// Whether anything is appended to the counters.
  var changesCounters: Bool { !counters.isEmpty || !rollups.isEmpty }

  /// Writes the transitions down for listeners in other processes.
  func transitionRequests(as writer: WorkerID?) -> [PostgresConnection.Request] {
    guard let writer, !notice.transitions.isEmpty else { return [] }
    let transitions = notice.transitions
    var parameters = PostgresParameters()
    parameters.add(transitions.map(\.job.rawValue))
    parameters.add(transitions.map(\.version))
    parameters.add(transitions.map(\.state.code))
    parameters.add(transitions.map(\.kind))
    parameters.add(transitions.map(\.queue))
    parameters.add(transitions.map { Int64($0.attempt) })
    parameters.add(transitions.map(\.at.microseconds))
    parameters.add(writer.rawValue)
    return [(PostgresStatements.insertEvents, parameters)]
  }

  /// What a transaction adds to the counters: rows of their own, so that no two processes wait for each other's row.
  /// Housekeeping folds them.
  var requests: [PostgresConnection.Request] {
    var requests: [PostgresConnection.Request] = []
    let changes = counters.flatMap { queue, deltas in
      JobState.allCases.compactMap { state in
        deltas[Int(state.code)] == 0 ? nil : (queue: queue, state: state.code, count: deltas[Int(state.code)])
      }
    }
    if !changes.isEmpty {
      var parameters = PostgresParameters()
      parameters.add(changes.map(\.queue))
      parameters.add(changes.map(\.state))
      parameters.add(changes.map(\.count))
      requests.append((PostgresStatements.count, parameters))
    }
    if !rollups.isEmpty {
      var parameters = PostgresParameters()
      parameters.add(rollups.map(\.hour))
      parameters.add(rollups.map(\.queue))
      parameters.add(rollups.map(\.kind))
      for path in [
        \Rollup.enqueued, \.completed, \.failed, \.dead, \.cancelled, \.wait, \.longestWait, \.run, \.longestRun,
      ] {
        parameters.add(rollups.map { $0[keyPath: path] })
      }
      requests.append((PostgresStatements.roll, parameters))
    }
    return requests
  }
}
