import Foundation

/// This process's row among the workers: a random identity and a leased node for making ids.
struct EngineIdentity: Sendable {
  var worker: WorkerID
  var ids: IdentifierGenerator
  var recorderPath: String?

  /// Adds a row with the lowest node that no live process has.
  ///
  /// - Parameter recorder: The recorder that the process has already, under a former identity.
  static func register(
    _ process: ProcessIdentity, _ configuration: EngineConfiguration, _ store: any Store, recorder: String? = nil
  ) async throws -> EngineIdentity {
    let clock = configuration.clock ?? store.clock
    let now = clock.now
    let recorder = try recorder ?? recorderPath(process, configuration)
    let (worker, node, newest) = try await store.write { transaction in
      try StoreMove.refuseUnfinished(transaction)
      let rows = try transaction.query("SELECT node FROM nightshift_workers WHERE ended_at IS NULL")
      let taken = Set(rows.compactMap { $0.integer(0) })
      guard let node = (0..<Identifier.sqlNode).first(where: { !taken.contains($0) }) else {
        throw StoreError(
          .overloaded, "All \(Identifier.sqlNode) nodes are taken by live processes. End some of them.")
      }
      let random = Identifier.make(
        milliseconds: now.microseconds / 1000, node: node, sequence: .random(in: 0..<4096))
      let last = try transaction.query("SELECT max(id) FROM nightshift_workers").first?.integer(0) ?? 0
      let worker = WorkerID(rawValue: max(random, last + 1))
      try insert(worker, node, now, process, configuration, recorder, transaction)
      return (worker, node, try newestID(at: now, transaction))
    }
    let ids = IdentifierGenerator(node: node, clock: clock, after: newest)
    return EngineIdentity(worker: worker, ids: ids, recorderPath: recorder)
  }

  /// The newest job, from which ids go on. Whoever had the node before may have made ids in the very milliseconds that
  /// now come again, if the clock was set back since; ids of a clock that was wrong by more than a day are let be.
  private static func newestID(at now: Timestamp, _ transaction: any ReadTransaction) throws(StoreError) -> Int64 {
    let tomorrow = Identifier.lowest(at: now + .seconds(86_400))
    return try transaction.query("SELECT max(id) FROM nightshift_jobs WHERE id < ?", [.integer(tomorrow)])
      .first?.integer(0) ?? 0
  }

  private static func recorderPath(
    _ process: ProcessIdentity, _ configuration: EngineConfiguration
  ) throws -> String? {
    guard let folder = configuration.recorderFolder else { return nil }
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return "\(folder)/\(process.pid)-\(process.start)-\(UInt32.random(in: 0...UInt32.max)).flight"
  }

  private static func insert(
    _ worker: WorkerID, _ node: Int64, _ now: Timestamp, _ process: ProcessIdentity,
    _ configuration: EngineConfiguration, _ recorder: String?, _ transaction: any WriteTransaction
  ) throws(StoreError) {
    let mode =
      try transaction.query("SELECT value FROM nightshift_settings WHERE name = 'worker_mode'").first?.text(0)
      ?? configuration.startMode.rawValue
    let queues = configuration.queues.map { JSONValue.array($0.map { .string($0.rawValue) }) } ?? .null
    try transaction.execute(
      """
      INSERT INTO nightshift_workers(
        id, node, name, role, host, boot, pid_namespace, pid, process_start, started_at, beat, mode, queues,
        concurrency, version, recorder)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)
      """,
      [
        .integer(worker.rawValue), .integer(node), .text(configuration.name), .text(configuration.role),
        .text(process.host), .text(process.boot), .text(process.pidNamespace), SQLValue(process.pid),
        SQLValue(process.start), SQLValue(now), .text(mode), .text(queues.description),
        SQLValue(configuration.concurrency), .text(NightshiftVersion.current), SQLValue(recorder),
      ])
  }
}
