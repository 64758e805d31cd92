import Foundation
@testable import Nightshift
import NightshiftTesting
import Synchronization
import TestSupport
import Testing

// MARK: What there is to do

extension Walk {
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  mutating func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &random) }

  mutating func enqueue() async throws {
    let count = chance(70) ? 1 : Int.random(in: 2...4, using: &random)
    var drafts: [WalkModel.Draft] = []
    for place in 0..<count { drafts.append(draft(place)) }
    let jobs = try drafts.enumerated().map { try jobDraft($1, at: $0) }
    guard let added = model.insert(drafts) else {
      say("for one that is gone")
      await #expect(throws: StoreError.self) { try await world.engine.submit(jobs, actor: .system) }
      return
    }
    let submissions = try await world.engine.submit(jobs, actor: .system)
    for (submission, wanted) in zip(submissions, added) {
      say(wanted.isDuplicate ? "again j\(wanted.job)" : "j\(wanted.job) \(model.jobs[wanted.job].program.acts)")
      expect("duplicate", submission.isDuplicate, wanted.isDuplicate)
      if !wanted.isDuplicate { world.ids.append(submission.id) }
      expect("id", submission.id, world.ids[wanted.job])
      // Of a batch each is told as it was added: what the others of the batch then make of it is seen a moment later.
      guard drafts.count == 1 else { continue }
      let state = model.jobs[wanted.job].isGone ? .completed : model.jobs[wanted.job].state
      expect("state of j\(wanted.job)", submission.state, state)
    }
  }

  private mutating func draft(_ place: Int) -> WalkModel.Draft {
    var draft = WalkModel.Draft(
      program: program(), queue: pick(Self.queues)!, runAt: model.now)
    if chance(20) { draft.runAt = model.now + .seconds(Int.random(in: 1...9, using: &random)) }
    if chance(70) { draft.group = pick(["g", "h"]) }
    if chance(20) { draft.priority = pick(Priority.allCases)! }
    draft.maxAttempts = Int.random(in: 1...3, using: &random)
    if chance(20) {
      draft.key = (
        "k\(Int.random(in: 0..<3, using: &random))", chance(40) ? Int.random(in: 1...8, using: &random) : nil,
        pick([.drop, .replace, .extend])!
      )
    }
    if place > 0, chance(60) { draft.ties.append(-Int.random(in: 1...place, using: &random)) }
    if chance(30) {
      for _ in 0..<Int.random(in: 1...2, using: &random) { if let job = pick(model.present) { draft.ties.append(job) } }
    }
    draft.onDeath = pick(DependencyDeath.allCases)!
    return draft
  }

  private func jobDraft(_ draft: WalkModel.Draft, at place: Int) throws -> JobDraft {
    var options = JobOptions()
    options.queue = QueueName(stored: draft.queue)
    options.priority = draft.priority
    options.limitKey = draft.group
    options.maxAttempts = draft.maxAttempts
    options.runAt = draft.runAt > model.now ? .at(draft.runAt.date) : .now
    options.unique = draft.key.map { .by($0.name, for: $0.window.map { .seconds($0) }, onConflict: $0.conflict) }
    options.dependsOn = draft.ties.map { $0 < 0 ? .ref("r\(place + $0)") : .job(world.ids[$0]) }
    options.onDeath = draft.onDeath
    var job = JobDraft(kind: WalkJob.kind, payload: [UInt8](try JSONEncoder().encode(draft.program)), options: options)
    job.ref = "r\(place)"
    return job
  }

  /// Names tell what they are for, so that a program may take another's place without a name changing its meaning.
  mutating func program() -> WalkProgram {
    WalkProgram(acts: (0..<Int.random(in: 0...4, using: &random)).map { _ in act(mayHaveChildren: true) })
  }

  private mutating func act(mayHaveChildren: Bool) -> WalkProgram.Act {
    let name = pick(["a", "b"])!
    switch Int.random(in: 0..<(mayHaveChildren ? 18 : 15), using: &random) {
    case 0..<3: return .step("step \(name)")
    case 3..<5: return .once("once \(name)")
    case 5..<7: return .sleep(Int.random(in: 1...6, using: &random))
    case 7..<9:
      return .signal(chance(30) ? ["s", "t"] : [pick(["s", "t"])!], timeout: chance(40) ? 5 : nil)
    case 9..<12: return .approval("approval \(name)", question())
    case 12: return .inform("info \(name)")
    case 13, 14:
      // What is waited for at the same time needs names of its own.
      let waits: [WalkProgram.Act] = [
        .sleep(Int.random(in: 1...6, using: &random)),
        .signal([name == "a" ? "s" : "t"], timeout: chance(40) ? 5 : nil),
        .approval("approval a", question()), .approval("approval b", question()),
      ].shuffled(using: &random)
      return .both(waits[0], waits[1])
    default:
      let acts = (0..<Int.random(in: 0...1, using: &random)).map { _ in act(mayHaveChildren: false) }
      return .child("child \(name)", acts)
    }
  }

  mutating func question() -> WalkQuestion {
    var question = WalkQuestion()
    question.required = chance(30) ? 2 : 1
    question.expires = Int.random(in: 4...15, using: &random)
    question.onExpiry = pick(Expiry.allCases)!
    question.reminder = chance(30) ? 2 : nil
    return question
  }
}

// MARK: The worker

extension Walk {
  mutating func claim() async throws {
    let lanes = (chance(50) ? Self.queues : Self.queues.reversed()).filter { !paused.contains($0) }
    let limit = Int.random(in: 1...4, using: &random)
    try await world.engine.refresh()
    // The engine's own list knows which are paused.
    let served = Set(world.engine.caches.withLock { $0.lanes(nil) })
    expect("queues", served.intersection(Self.queues), Set(lanes).intersection(served))
    if wasLimited { return try await claimWithinLimits(from: lanes, limit: limit) }
    let claimed = try await world.claim(from: lanes, limit: limit)
    let wanted = model.claim(from: lanes, limit: limit)
    say("\(wanted.map { "j\($0)" })")
    expect("claimed", claimed.map { world.number($0) }, wanted)
  }

  mutating func run() async throws {
    guard let hand = pick(Array(world.inHand.indices)) else { return }
    let job = world.inHand.remove(at: hand)
    let ending = ending(of: job.job)
    say("j\(job.job) \(ending)")
    world.handler.expect(ending)
    let others = world.inHand
    await world.engine.worker.runInForeground([job.claim])
    model.run(job.job, ending)
    try await nameChildren()
    // A step that was recorded before does not come to it.
    let last = model.jobs[job.job].attempts.last
    guard last?.number == model.jobs[job.job].attempt, ["lost", "crashed"].contains(last?.outcome) else { return }
    say("and lost")
    world.inHand = []
    world.stale += others
    rememberBodies()
    try await world.restart()
    model.now = world.clock.now
  }

  /// The ids of children that the attempt has added.
  private mutating func nameChildren() async throws {
    for child in model.newChildren {
      guard let step = try await world.engine.step(child.name, of: world.ids[child.parent]), let result = step.result,
        let id = JobID(String(decoding: result, as: UTF8.self).filter { $0 != "\"" })
      else { return differences.append("the child \(child.name) of j\(child.parent) was not added") }
      world.ids.append(id)
    }
    model.newChildren = []
  }

  private mutating func ending(of job: Int) -> WalkEnding {
    // It may be told at any moment to stop, and then it does.
    guard !model.jobs[job].isCancelRequested else { return .fails(at: 0) }
    let acts = model.jobs[job].program.acts
    let place = Int.random(in: 0...acts.count, using: &random)
    let steps = acts.indices.filter {
      switch acts[$0] {
      case .step, .once: true
      default: false
      }
    }
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<2: return .fails(at: place)
    case 2: return .failsForGood(at: place)
    case 3: return .snoozes(at: place, seconds: Int.random(in: 0...4, using: &random))
    case 4..<8: return pick(steps).map { .bodyFails(at: $0) } ?? .completes
    case 8: return pick(steps).map { .lost(at: $0, isBlamed: chance(30)) } ?? .completes
    default: return .completes
    }
  }

  mutating func promote() async throws {
    let time = Duration.milliseconds(pick([0, 400, 1_000, 2_000, 5_000])!)
    say(time.text)
    world.clock.advance(by: time)
    model.now = world.clock.now
    let promotion = try await world.engine.store.promote(now: world.clock.now, limit: 1_000)
    let next = model.promote()
    // When pools of limits are looked at again is no matter of the jobs' own times, and the model leaves it out.
    let look = try await world.engine.store.read { transaction in
      try transaction.query("SELECT min(at) FROM nightshift_wakes").first?.timestamp(0)
    }
    expect("next due", promotion.nextDue, [next, look].compactMap(\.self).min())
  }

  mutating func lose() async throws {
    let blamed = world.inHand.filter { _ in chance(30) }.map(\.job)
    say("blamed \(blamed)")
    let reclaim = Reclaim(
      worker: world.engine.workerID, now: world.clock.now, reason: "lost", crashed: Set(blamed.map { world.ids[$0] }))
    _ = try await world.engine.store.reclaim(reclaim)
    model.lose(blamed: Set(blamed))
    rememberBodies()
    try await world.restart()
    model.now = world.clock.now
  }

  mutating func restart() async throws {
    model.lose()
    rememberBodies()
    try await world.restart()
    model.now = world.clock.now
  }

  /// Somebody who has lost a job says how it ended.
  mutating func settleLate() async throws {
    guard let late = pick(world.stale) else { return }
    say("j\(late.job)")
    let outcomes: [Settlement.Outcome] = [.completed(result: nil), .dead(Failure(WalkFailure())), .parked([])]
    let settlement = Settlement(
      late.claim, worker: late.worker, startedAt: model.now, endedAt: model.now, outcome: pick(outcomes)!)
    expect("late", try await world.engine.store.settle([settlement]), [.stale])
  }
}
