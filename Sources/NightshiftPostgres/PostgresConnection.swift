import CLibPQ
import Foundation
import Nightshift

/// One connection, for one thread at a time, in libpq's pipeline mode: several statements go out in one piece, and
/// their answers come back in one piece.
///
/// Nothing is prepared under a name: a generic plan, made while a table was empty, would be kept for ever, and behind a
/// pooler names are not ours.
final class PostgresConnection {
  typealias Request = (sql: String, parameters: PostgresParameters)

  /// Statements that hold the thread longer than this are given up, and the connection with them.
  static let deadline: Duration = .seconds(30)

  let handle: OpaquePointer
  /// Whether a pooler stands between, so that the next transaction may run on another server process.
  private(set) var isPooled = false
  /// Whether the connection is of no use any more.
  private(set) var isBroken = false

  /// Connects. Takes at most the URL's `connect_timeout` (5 s unless it says otherwise) for each host.
  init(_ url: PostgresURL, role: String) throws(PostgresFault) {
    guard let handle = url.connect(role: role) else { throw .lost("no memory for a connection") }
    self.handle = handle
    guard PQstatus(handle) == CONNECTION_OK else {
      let words = String(cString: PQerrorMessage(handle)).trimmedEnd
      throw PostgresFault(.connectionLost, StoreError(.unavailable, Self.remedy(words, url), cause: words))
    }
    PQsetnonblocking(handle, 1)
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    guard PQenterPipelineMode(handle) == 1 else { throw .lost(lastWords) }
    try settle()
  }

  deinit { PQfinish(handle) }

  /// What to do when no connection came about.
  private static func remedy(_ words: String, _ url: PostgresURL) -> String {
    if words.contains("does not exist") {
      return
        "PostgreSQL at \(url) has no such role or database. Make them: CREATE ROLE … LOGIN; CREATE DATABASE … OWNER …"
    }
    if words.contains("authentication failed") || words.contains("pg_hba.conf") || words.contains("no password") {
      return "PostgreSQL at \(url) lets this user not in. Check the password in DATABASE_URL, and pg_hba.conf."
    }
    if words.contains("connection option") || words.contains("percent-encoded") {
      return
        "DATABASE_URL cannot be used. Special characters of user and password have to be percent-encoded (@ is %40)."
    }
    return "PostgreSQL cannot be reached at \(url). Check that it runs, and DATABASE_URL."
  }

  /// The settings of a session; through a pooler they are said anew in each transaction.
  private func settle() throws(PostgresFault) {
    let answers = try send([("SELECT pg_backend_pid()", PostgresParameters())])
    isPooled = answers[0].integer(0, 0) != Int64(PQbackendPID(handle))
    guard !isPooled else { return }
    _ = try send([(Self.settings(forTransaction: false), PostgresParameters())])
  }

  /// What every transaction of ours needs. A generic plan made on the statistics of an empty table costs two thirds of
  /// the speed. A process that is frozen or cut off in the midst of a transaction must not keep its locks for longer than
  /// a fraction of its lease, or nobody could take its jobs over. Whoever has asked for more than a synchronous commit
  /// keeps it.
  private static func settings(forTransaction: Bool) -> String {
    let settings = [
      "plan_cache_mode": "'force_custom_plan'", "jit": "'off'", "lock_timeout": "'20s'", "statement_timeout": "'25s'",
      "idle_in_transaction_session_timeout": "'5s'",
      "synchronous_commit": """
      CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
      ELSE current_setting('synchronous_commit') END
      """,
    ]
    let calls = settings.sorted { $0.key < $1.key }.map { "set_config('\($0.key)', \($0.value), \(forTransaction))" }
    return "SELECT \(calls.joined(separator: ", "))"
  }

  /// What begins a transaction.
  func begin(_ mode: String = "") -> [Request] {
    let begin: Request = ("BEGIN \(mode)", PostgresParameters())
    guard isPooled else { return [begin] }
    return [begin, (Self.settings(forTransaction: true), PostgresParameters())]
  }

  /// For people: `15.14`.
  var serverVersion: String {
    String(cString: PQparameterStatus(handle, "server_version")).split(separator: " ").first.map(String.init) ?? "?"
  }

  /// Makes the next statement fail, so that whoever uses the connection makes another.
  func giveUp() { isBroken = true }

  private var lastWords: String { String(cString: PQerrorMessage(handle)) }

  /// Sends statements in one piece and returns their results. When one fails, those behind it are not run, and outside
  /// a transaction those before it are undone.
  func send(
    _ requests: [Request], within limit: Duration = PostgresConnection.deadline
  ) throws(PostgresFault) -> [PostgresResult] {
    guard !isBroken else { throw .lost("the connection was given up before") }
    let deadline = ContinuousClock.now + limit
    do throws(PostgresFault) {
      for request in requests {
        let sent = request.parameters.withPointers { count, types, values, lengths, formats in
          PQsendQueryParams(handle, request.sql, count, types, values, lengths, formats, 1)
        }
        guard sent == 1 else { throw .lost(lastWords) }
      }
      guard PQpipelineSync(handle) == 1 else { throw .lost(lastWords) }
      try flush(deadline)
      return try answers(to: requests, deadline)
    } catch {
      if error.consequence == .connectionLost { isBroken = true }
      throw error
    }
  }

  private func answers(to requests: [Request], _ deadline: ContinuousClock.Instant) throws(PostgresFault)
    -> [PostgresResult]
  {
    var results: [PostgresResult] = []
    var fault: PostgresFault?
    for request in requests {
      while let result = try next(deadline) {
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK: results.append(PostgresResult(owning: result))
        case PGRES_PIPELINE_ABORTED: PQclear(result)
        default:
          fault = fault ?? PostgresFault(result, doing: request.sql)
          PQclear(result)
        }
      }
    }
    // The answer to the synchronization itself.
    if let result = try next(deadline) {
      let status = PQresultStatus(result)
      if status != PGRES_PIPELINE_SYNC { fault = fault ?? PostgresFault(result, doing: "a synchronization") }
      PQclear(result)
    }
    if let fault { throw fault }
    guard results.count == requests.count else { throw .lost("an answer is missing") }
    return results
  }

  private func next(_ deadline: ContinuousClock.Instant) throws(PostgresFault) -> OpaquePointer? {
    while PQisBusy(handle) == 1 {
      try wait(for: POLLIN, deadline)
      guard PQconsumeInput(handle) == 1 else { throw .lost(lastWords) }
    }
    let result = PQgetResult(handle)
    guard PQstatus(handle) == CONNECTION_OK else {
      if let result { PQclear(result) }
      throw .lost(lastWords)
    }
    return result
  }

  private func flush(_ deadline: ContinuousClock.Instant) throws(PostgresFault) {
    while true {
      let left = PQflush(handle)
      if left == 0 { return }
      guard left == 1 else { throw .lost(lastWords) }
      // The server may want to be heard before it reads on.
      try wait(for: POLLIN | POLLOUT, deadline)
      guard PQconsumeInput(handle) == 1 else { throw .lost(lastWords) }
    }
  }

  private func wait(for events: Int32, _ deadline: ContinuousClock.Instant) throws(PostgresFault) {
    while true {
      let left = (deadline - .now).microseconds
      guard left > 0 else {
        throw .lost("no answer in time; the network or the server stands still")
      }
      var descriptor = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
      let ready = poll(&descriptor, 1, Int32(clamping: left / 1000 + 1))
      if ready > 0 { return }
      guard ready == 0 || errno == EINTR else { throw .lost(String(cString: strerror(errno))) }
    }
  }
}
