import Nightshift
import Testing

@Suite struct `Every job store, when old jobs are deleted` {
  @Test(arguments: StoreUnderTest.allCases)
  func `deletes ended jobs only, with all that belongs to them`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let job = NewJob(1).with {
      $0.tags = ["a", "b"]
      $0.key = KeyClaim(scope: "s", key: "k")
    }
    _ = try await store.insert([job, NewJob(2), NewJob(3).with { $0.tags = ["a"] }], now: noon)
    let claimed = try await store.claim(2, by: worker)[0]
    try await store.settle(claimed, by: worker, .completed(result: [1]))
    let tables = ["attempts", "logs", "progress", "artifacts", "artifact_chunks", "old_payloads"]
    try await store.write { transaction in
      for id in [1, 3] as [SQLValue] {
        try transaction.execute(
          "INSERT INTO nightshift_attempts VALUES(?, 1, 1, 1, 1, 'failed', 't', 'm', 'd')", [id])
        try transaction.execute("INSERT INTO nightshift_logs VALUES(?, 1, 1, 1, 'info', 'm')", [id])
        try transaction.execute("INSERT INTO nightshift_progress VALUES(?, 1, 1, 'm', 1)", [id])
        try transaction.execute("INSERT INTO nightshift_artifacts VALUES(?, 'n', 1, 't/t', 1, 's', 1)", [id])
        try transaction.execute("INSERT INTO nightshift_artifact_chunks VALUES(?, 'n', 1, 0, ?)", [id, .bytes([0])])
        try transaction.execute("INSERT INTO nightshift_old_payloads VALUES(?, 1, 1, ?)", [id, .bytes([0])])
      }
    }
    #expect(try await store.prune([1, 2, 3, 99]) == 1)
    #expect(try await store.column("SELECT id FROM nightshift_jobs ORDER BY id") == ["2", "3"])
    #expect(try await store.column("SELECT id FROM nightshift_payloads ORDER BY id") == ["2", "3"])
    #expect(try await store.column("SELECT job FROM nightshift_tags") == ["3"])
    #expect(try await store.count("results") == 0)
    #expect(try await store.count("keys") == 0)
    for table in tables {
      #expect(try await store.column("SELECT job FROM nightshift_\(table)") == ["3"], "\(table)")
    }
    let counters = try await store.counters()
    #expect(counters.kept == counters.counted)
    #expect(try await store.column("SELECT sum(completed) FROM nightshift_rollups") == ["1"])
  }
}
