/// What monitoring reads of processes, questions and schedules: each by a few index look-ups, however many jobs there
/// are.
extension Engine {
  /// A group of like processes.
  package struct WorkerGroup: Sendable {
    package var role: String
    package var mode: String
    package var version: String
    package var count: Int
    /// How many jobs they can run at the same time.
    package var slots: Int
  }

  /// Questions of one type that nobody has answered yet.
  package struct OpenQuestions: Sendable {
    package var type: String
    package var count: Int
    package var oldest: Timestamp?
  }

  /// How schedules are doing.
  package struct ScheduleReading: Sendable {
    package var enabled = 0
    /// Those that cannot fire.
    package var broken = 0
    /// When the one that is next should fire, or should have fired.
    package var next: Timestamp?
  }

  /// The live processes, in groups.
  package func workerGroups() async throws(StoreError) -> [WorkerGroup] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT role, mode, version, count(*), sum(concurrency) FROM nightshift_workers
        WHERE ended_at IS NULL GROUP BY role, mode, version ORDER BY role, mode, version
        """
      ).map { row in
        WorkerGroup(
          role: row.text(0)!, mode: row.text(1)!, version: row.text(2)!, count: Int(row.integer(3)!),
          slots: Int(row.integer(4)!))
      }
    }
  }

  /// The questions that wait for a person, by type.
  package func openQuestions() async throws(StoreError) -> [OpenQuestions] {
    try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.waits.step) else { return [] }
      return try transaction.query(
        """
        SELECT type, count(*), min(created_at) FROM nightshift_checkpoints WHERE state = 'pending'
        GROUP BY type ORDER BY type
        """
      ).map { OpenQuestions(type: $0.text(0)!, count: Int($0.integer(1)!), oldest: $0.timestamp(2)) }
    }
  }

  /// Whether schedules fire when they should.
  package func scheduleReading() async throws(StoreError) -> ScheduleReading {
    try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.schedules.step) else { return ScheduleReading() }
      let row = try transaction.query(
        """
        SELECT count(*), count(problem), min(next_at) FROM nightshift_schedules WHERE enabled = 1
        """
      ).first
      return ScheduleReading(
        enabled: Int(row?.integer(0) ?? 0), broken: Int(row?.integer(1) ?? 0), next: row?.timestamp(2))
    }
  }
}
