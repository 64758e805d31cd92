import Nightshift
import NightshiftPostgres

/// The raw limit on PostgreSQL: the statements of the store in a bare loop over libpq, one connection, each transaction in
/// one turn to the server.
struct PostgresRawLoop: RawLimit {
  let batch: Int
  private let pipeline: PostgresPipeline
  private let payload: [UInt8]

  /// Connects to a database whose schema a store has made.
  init(url: String, batch: Int, payload: [UInt8]) throws {
    pipeline = try PostgresPipeline(url: url)
    self.batch = batch
    self.payload = payload
  }

  func close() {
    // The connection ends with this value.
  }

  private func inTransaction(
    _ sql: String, _ parameters: PostgresParameters, _ changes: [(state: Int64, count: Int)]
  ) throws -> PostgresResult {
    var counter = PostgresParameters()
    counter.add(changes.map { _ in "default" })
    counter.add(changes.map(\.state))
    counter.add(changes.map { Int64($0.count) })
    let none = PostgresParameters()
    let results = try pipeline.send([
      ("BEGIN", none), (sql, parameters), (PostgresStatements.count, counter), ("COMMIT", none),
    ])
    return results[1]
  }

  func enqueue(_ count: Int, from first: Int64) throws {
    var id = first
    let end = first + Int64(count)
    while id < end {
      let ids = Array(id..<min(id + Int64(batch), end))
      var parameters = PostgresParameters()
      parameters.add(ids)
      parameters.add(ids.map { _ in "default" })
      parameters.add(ids.map { _ in "bench" })
      for column in [0, 2] as [Int64] { parameters.add(ids.map { _ in column }) }
      parameters.add(ids)
      for column in [4, 0] as [Int64] { parameters.add(ids.map { _ in column }) }
      parameters.add(ids.map { _ in Int64?.none })
      parameters.add(ids.map { _ in payload })
      parameters.add(ids.map { _ in Int64?.none })
      for _ in 0..<4 { parameters.add(ids.map { _ in String?.none }) }
      _ = try inTransaction(PostgresStatements.insert, parameters, [(0, ids.count)])
      id += Int64(ids.count)
    }
  }

  func drain(limit: Int) throws -> Int {
    var drained = 0
    while drained < limit {
      var claim = PostgresParameters()
      claim.add(Int64(1))
      claim.add(Int64(1))
      claim.add("default")
      claim.add(Int64(batch))
      // How many it will be is not known yet; the counters' row costs the same.
      let claimed = try inTransaction(PostgresStatements.claim, claim, [(0, -batch), (1, batch)])
      let ids = (0..<claimed.count).compactMap { claimed.integer($0, 0) }.sorted()
      guard !ids.isEmpty else { break }
      var complete = PostgresParameters()
      complete.add(ids)
      for column in [1, 1, 2] as [Int64] { complete.add(ids.map { _ in column }) }
      complete.add(Int64(1))
      _ = try inTransaction(PostgresStatements.complete, complete, [(1, -ids.count), (5, ids.count)])
      drained += ids.count
    }
    return drained
  }
}
