@testable import Nightshift
import NightshiftTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A workflow` {
  private struct Number: Job {
    static let kind: JobKind = "number"
    var value: Int

    func run(_ context: JobContext) async throws -> Int {
      if value < 0 { throw PermanentFailure("negative") }
      return value
    }
  }

  private struct Sum: Job {
    static let kind: JobKind = "sum"

    func run(_ context: JobContext) async throws -> Int {
      var sum = 0
      for dependency in try await context.dependencies.all where dependency.state == .completed {
        sum += try await dependency.result(as: Int.self)
      }
      return sum
    }
  }

  private struct Told: Job {
    static let kind: JobKind = "told"

    func run(_ context: JobContext) async throws -> [String: String] {
      let all = try await context.dependencies.all
      return Dictionary(uniqueKeysWithValues: all.map { ($0.ref ?? "?", $0.state.rawValue) })
    }
  }

  private func engine() async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    try await test.engine.register(Number.self)
    try await test.engine.register(Sum.self)
    try await test.engine.register(Told.self)
    return test
  }

  private func result(_ id: JobID?, _ engine: Engine) async throws -> String? {
    guard let id, let bytes = try await engine.job(id)?.result else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func `runs a chain in its order and hands the results over`() async throws {
    let test = try await engine()
    var workflow = Workflow("chain")
    let nodes = try workflow.chain(Number(value: 4), Sum(), Sum())
    #expect(nodes.map(\.ref) == ["number", "sum", "sum-2"])
    let run = try await test.engine.enqueue(workflow)
    #expect(try await test.engine.state(of: run.jobs["sum-2"]!) == .blocked)
    #expect(try await test.runUntilIdle() == 3)
    #expect(try await result(run.jobs["sum-2"], test.engine) == "4")
    #expect(try await test.engine.workflow(run.id)?.summary.state == .completed)
  }

  @Test func `joins what it has spread`() async throws {
    let test = try await engine()
    var workflow = Workflow("diamond")
    let start = try workflow.add(Number(value: 1))
    let parts = try workflow.fanOut((1...3).map { Number(value: $0 * 10) }, after: [start])
    let end = try workflow.add(Sum(), as: "end", after: parts)
    let run = try await test.engine.enqueue(workflow)
    #expect(try await test.runUntilIdle() == 5)
    #expect(try await result(run.jobs[end.ref], test.engine) == "60")
    let graph = try #require(try await test.engine.workflow(run.id))
    #expect(graph.jobs.map(\.ref) == ["number", "number-2", "number-3", "number-4", "end"])
    #expect(graph.edges.count == 6 && graph.edges.allSatisfy { !$0.isOpen })
    #expect(graph.summary.counts == [.completed: 5])
  }

  @Test func `cancels, holds or goes on when a job dies, as each wants`() async throws {
    let test = try await engine()
    var workflow = Workflow("death")
    let bad = try workflow.add(Number(value: -1), as: "bad")
    try workflow.add(Sum(), as: "cancelled", after: [bad])
    try workflow.add(Sum(), as: "held", after: [bad], onDeath: .hold)
    try workflow.add(Told(), as: "goesOn", after: [bad], onDeath: .continue)
    let run = try await test.engine.enqueue(workflow)
    try await test.runUntilIdle()
    let cancelled = try await test.engine.job(run.jobs["cancelled"]!)
    #expect(cancelled?.summary.state == .cancelled)
    #expect(cancelled?.summary.cancelReason == "its dependency bad (\(run.jobs["bad"]!)) died")
    #expect(try await test.engine.job(run.jobs["held"]!)?.summary.hold == Hold(.dependencyDied))
    #expect(try await result(run.jobs["goesOn"], test.engine) == #"{"bad":"dead"}"#)
    #expect(try await test.engine.workflow(run.id)?.summary.state == .running)
    #expect(try await test.engine.release([run.jobs["held"]!], by: .system) == [.changed(.ready)])
    try await test.runUntilIdle()
    #expect(try await result(run.jobs["held"], test.engine) == "0")
    #expect(try await test.engine.workflow(run.id)?.summary.state == .dead)
  }

  @Test func `lets a held job run when the dead one was mended`() async throws {
    let test = try await engine()
    var workflow = Workflow("mended")
    let bad = try workflow.add(Number(value: -1), as: "bad")
    try workflow.add(Sum(), as: "end", after: [bad], onDeath: .hold)
    let run = try await test.engine.enqueue(workflow)
    try await test.runUntilIdle()
    let payload = Array(#"{"value":5}"#.utf8)
    _ = try await test.engine.retry([run.jobs["bad"]!], payload: payload, by: .system)
    try await test.runUntilIdle()
    #expect(try await result(run.jobs["end"], test.engine) == "5")
  }

  static let callbacks: [(Workflow.Callback, isDeadly: Bool, JobState)] = [
    (.done, false, .completed), (.done, true, .completed), (.success, false, .completed), (.success, true, .cancelled),
    (.death, false, .cancelled), (.death, true, .completed),
  ]

  @Test(arguments: callbacks.indices)
  func `calls back when it is over, or when a job dies`(_ index: Int) async throws {
    let (when, isDeadly, expected) = Self.callbacks[index]
    let test = try await engine()
    var workflow = Workflow("callback")
    try workflow.fanOut([Number(value: 1), Number(value: isDeadly ? -1 : 2)])
    try workflow.callback(Told(), when: when)
    let run = try await test.engine.enqueue(workflow)
    try await test.runUntilIdle()
    let callback = try #require(run.jobs["callback"])
    #expect(try await test.engine.state(of: callback) == expected)
    #expect(try await test.engine.workflow(run.id)?.summary.state == (isDeadly ? .dead : .completed))
    guard when == .done, isDeadly else { return }
    #expect(try await result(callback, test.engine) == #"{"number":"completed","number-2":"dead"}"#)
  }

  @Test func `is cancelled as a whole, and its callback is told`() async throws {
    let test = try await engine()
    var workflow = Workflow("cancel")
    let first = try workflow.add(Number(value: 1))
    try workflow.add(Sum(), after: [first], onDeath: .continue)
    try workflow.callback(Told())
    let run = try await test.engine.enqueue(workflow)
    #expect(try await test.engine.cancelWorkflow(run.id, reason: "enough", by: .system) == 2)
    #expect(try await test.runUntilIdle() == 1)
    #expect(try await result(run.jobs["callback"], test.engine) == #"{"number":"cancelled","sum":"cancelled"}"#)
    #expect(try await test.engine.job(run.jobs["sum"]!)?.summary.cancelReason == "enough")
    #expect(try await test.engine.workflow(run.id)?.summary.state == .cancelled)
    #expect(try await test.engine.cancelWorkflow(run.id, reason: "again", by: .system) == 0)
    #expect(try await test.engine.cancelWorkflow(WorkflowID(rawValue: 1), reason: "r", by: .system) == nil)
  }

  @Test func `can wait for a job that is there already`() async throws {
    let test = try await engine()
    let id = try await test.engine.enqueue(Number(value: 3))
    var options = JobOptions()
    options.dependsOn = [.job(id)]
    let sum = try await test.engine.enqueue(Sum(), options)
    #expect(try await test.engine.state(of: sum) == .blocked)
    let before = try await test.engine.job(id)?.ties
    #expect(before?.dependants.map(\.id) == [sum] && before?.dependantCount == 1)
    try await test.runUntilIdle()
    #expect(try await result(sum, test.engine) == "3")
    #expect(try await test.engine.job(sum)?.ties.dependencies.map(\.state) == [.completed])
    #expect(try await test.engine.job(id)?.ties.stamp != before?.stamp)
  }

  @Test func `says what is wrong with a result that is of another type, or not there`() async throws {
    let test = try await engine()
    let messages = Mutex<[String]>([])
    try await test.engine.register("look", payload: Int.self) { _, context in
      for dependency in try await context.dependencies.all {
        do {
          _ = try await dependency.result(as: [String].self)
        } catch { messages.withLock { $0.append("\(error)") } }
      }
    }
    let good = try await test.engine.enqueue(Number(value: 3))
    let bad = try await test.engine.enqueue(Number(value: -3))
    var options = JobOptions()
    options.dependsOn = [.job(good), .job(bad)]
    options.onDeath = .continue
    _ = try await test.engine.add("look", "1", options)
    try await test.runUntilIdle()
    let said = messages.withLock { $0 }
    #expect(said.count == 2)
    #expect(said.first?.contains("The result of the dependency \(good) is no Array<String>") == true)
    #expect(said.last == "The dependency \(bad) has no result: it is dead.")
  }

  @Test func `is refused with every name that is wrong, and nothing is stored`() async throws {
    let test = try await engine()
    func draft(_ ref: String?, _ dependsOn: Dependency...) -> JobDraft {
      var options = JobOptions()
      options.dependsOn = dependsOn
      var draft = JobDraft(kind: "number", payload: Array(#"{"value":1}"#.utf8), options: options)
      draft.ref = ref
      return draft
    }
    func faults(_ drafts: [JobDraft]) async throws -> [String] {
      try await test.engine.faults(in: drafts).map { "\($0.index) \($0.pointer) \($0.message)" }
    }
    let missing = JobID(rawValue: 77)
    let named = try await faults([
      draft("first", .ref("frist")), draft("first"), draft("no good"), draft(nil, .job(missing)),
      draft("itself", .ref("itself")),
    ])
    #expect(named.count == 4)
    #expect(
      named.contains { $0.hasPrefix("0 #/dependsOn/0 \"frist\" is no id") && $0.hasSuffix("did you mean `first`?") })
    #expect(named.contains { $0.hasPrefix("1 #/ref \"first\" is the name of job 0 already") })
    #expect(named.contains { $0.hasPrefix("2 #/ref must be 1 to 100 of") })
    #expect(named.contains { $0.hasPrefix("3 #/dependsOn/0 there is no job \(missing)") })
    let cycle = try await faults([draft("a", .ref("c")), draft("b", .ref("a")), draft("c", .ref("b"))])
    #expect(cycle == ["0 #/dependsOn/0 closes a cycle, in which no job could ever begin: a → c → b → a"])
    let short = try await faults([draft("a", .ref("a"))])
    #expect(short == ["0 #/dependsOn/0 closes a cycle, in which no job could ever begin: a → a"])
    #expect(try await faults([draft(nil, .ref("x"))])[0].hasSuffix("no job of this request has a `ref`"))
    #expect(try await test.engine.column("SELECT id FROM nightshift_jobs") == [])
  }

  @Test func `is added once for one idempotency key`() async throws {
    let test = try await engine()
    var workflow = Workflow("once")
    try workflow.chain(Number(value: 1), Sum())
    let first = try await test.engine.submit(workflow, idempotencyKey: "k", actor: .system)
    let second = try await test.engine.submit(workflow, idempotencyKey: "k", actor: .system)
    #expect(!first.isReplay && second.isReplay && first.id == second.id)
    #expect(second.jobs.map(\.submission.id) == first.jobs.map(\.submission.id))
    workflow.name = "another"
    let error = await #expect(throws: SubmissionError.self) {
      try await test.engine.submit(workflow, idempotencyKey: "k", actor: .system)
    }
    #expect(error?.keyReusedBy == first.jobs[0].submission.id)
    #expect(try await test.engine.workflows(limit: 10).workflows.map(\.id) == [first.id])
  }

  @Test func `is listed page by page, the newest first`() async throws {
    let test = try await engine()
    var ids: [WorkflowID] = []
    for number in 1...3 {
      var workflow = Workflow("w\(number)")
      try workflow.add(Number(value: number))
      ids.append(try await test.engine.enqueue(workflow).id)
    }
    let page = try await test.engine.workflows(limit: 2)
    #expect(page.workflows.map(\.name) == ["w3", "w2"] && page.next == ids[1])
    let rest = try await test.engine.workflows(before: page.next, limit: 2)
    #expect(rest.workflows.map(\.name) == ["w1"] && rest.next == nil)
  }

  @Test func `keeps a pruned job in its graph until the last one is gone`() async throws {
    let test = try await engine()
    var workflow = Workflow("pruned")
    try workflow.chain(Number(value: 1), Sum())
    let run = try await test.engine.enqueue(workflow)
    try await test.runUntilIdle()
    _ = try await test.engine.discard([run.jobs["number"]!], by: .system)
    let graph = try #require(try await test.engine.workflow(run.id))
    #expect(graph.jobs.map(\.isPruned) == [true, false] && graph.edges.count == 1)
    #expect(graph.summary.counts == [.completed: 2])
    _ = try await test.engine.discard([run.jobs["sum"]!], by: .system)
    #expect(try await test.engine.workflow(run.id) == nil)
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A workflow on two engines` {
  @Test func `starts the end of a fan-in of two hundred once`() async throws {
    let database = try SharedDatabase()
    let engines = [try await database.engine(), try await database.engine()]
    let ends = Mutex(0)
    for engine in engines {
      try await engine.register("part", payload: Int.self) { number, _ in number }
      try await engine.register("end", payload: Int.self) { _, context -> Int in
        ends.withLock { $0 += 1 }
        return try await context.dependencies.all.count { $0.state == .completed }
      }
    }
    let parts = (0..<200).map { JobDraft(kind: "part", payload: Array("\($0)".utf8)) }
    var options = JobOptions()
    var workflow = Workflow("fan-in", jobs: parts, callback: nil)
    options.dependsOn = workflow.jobs.compactMap(\.ref).map(Dependency.ref)
    let end = JobDraft(kind: "end", payload: [0x31], options: options)
    workflow = Workflow("fan-in", jobs: parts + [end], callback: nil)
    try await engines[0].whileRunning {
      try await engines[1].whileRunning {
        let added = try await engines[0].submit(workflow, actor: .system)
        let last = try #require(added.jobs.last?.submission.id)
        let job = try await engines[1].waitForEnd(of: last, timeout: .seconds(60))
        #expect(job?.result == Array("200".utf8))
      }
    }
    for engine in engines { await engine.close() }
    #expect(ends.withLock { $0 } == 1)
  }
}
