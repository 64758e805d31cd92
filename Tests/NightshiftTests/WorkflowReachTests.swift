import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `A list of workflows` {
  private let reaches = [
    Reach(organization: "acme"), Reach(owner: "mia"), Reach(organization: "acme", owner: "mia"), Reach(),
  ]

  @Test func `holds those of which all jobs are within reach, on full pages`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, _ in number }
    var ids: [String: WorkflowID] = [:]
    func add(_ name: String, _ jobs: (organization: String?, owner: String?)...) async throws {
      let drafts = jobs.map { organization, owner in
        var draft = JobDraft(kind: "k", payload: Array("1".utf8))
        (draft.options.organization, draft.options.owner) = (organization, owner)
        return draft
      }
      ids[name] = try await test.engine.submit(Workflow(name, jobs: drafts, callback: nil), actor: .system).id
    }
    try await add("a", ("acme", "mia"), ("acme", "mia"))
    try await add("b", ("acme", "max"))
    try await add("c", ("globex", "mia"))
    try await add("d", (nil, nil))
    try await add("e", ("acme", "mia"), (nil, "mia"))
    try await add("f", ("acme", "mia"), ("acme", nil))
    try await add("g", ("acme", "mia"))
    try await add("h", ("globex", nil))
    for (reach, expected) in zip(reaches, ["gfba", "geca", "ga", "hgfedcba"]) {
      var found = ""
      var cursor: WorkflowID?
      repeat {
        let page = try await test.engine.workflows(before: cursor, limit: 2, within: reach)
        found += page.workflows.map(\.name).joined()
        cursor = page.next
        #expect(page.workflows.count == 2 || cursor == nil)
        #expect(cursor == nil || cursor == page.workflows.last?.id)
      } while cursor != nil
      #expect(found == expected, "\(reach)")
      for (name, id) in ids {
        #expect(try await test.engine.reaches(reach, id) == expected.contains(name), "\(reach) \(name)")
      }
    }
  }

  @Test func `is read by its index, and walks neither jobs nor payloads`() async throws {
    let test = try await TestEngine.fresh()
    for reach in reaches {
      let (sql, condition) = Engine.statement(forWorkflowsWithin: reach)
      let values: [SQLValue] = [.integer(.max)] + condition + [.integer(10)]
      let plan = try await test.engine.store.write { transaction in
        guard TestedDatabase.isPostgres else {
          return try transaction.query("EXPLAIN QUERY PLAN \(sql)", values).compactMap { $0.text(3) }
        }
        // With nothing in them, tables are read from end to end unless that is made dear.
        try transaction.execute("SET LOCAL enable_seqscan = off")
        try transaction.execute("SET LOCAL enable_bitmapscan = off")
        return try transaction.query("EXPLAIN \(sql)", values).compactMap { $0.text(0) }
      }.joined(separator: "\n")
      #expect(!plan.contains("SCAN") && !plan.contains("Seq Scan"), "\(plan)")
      #expect(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "\(plan)")
      #expect(!plan.contains("Hash") && !plan.contains("Merge"), "\(plan)")
    }
  }
}
