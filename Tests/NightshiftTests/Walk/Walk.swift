import Foundation
@testable import Nightshift
import NightshiftTesting
import TestSupport

/// One thing that is done in a walk. What exactly, depends on `seed` and on what there is at that moment, so that any
/// part of a walk is a walk too: a failure is made small by leaving out what it does not need.
struct WalkStep: Sendable, CustomStringConvertible {
  enum Verb: String, Sendable, CaseIterable {
    case enqueue, claim, run, promote, signal, decide, ask, change, pause, limit, lose, restart, late
  }

  var verb: Verb
  var seed: UInt64

  /// How often each is done, of a hundred.
  private static let shares: [(Verb, Int)] = [
    (.enqueue, 14), (.claim, 18), (.run, 23), (.promote, 14), (.signal, 8), (.decide, 8), (.ask, 2), (.change, 7),
    (.pause, 1), (.limit, 1),
    (.lose, 1), (.restart, 1), (.late, 2),
  ]

  static func random(_ random: inout SeededGenerator) -> WalkStep {
    var draw = Int.random(in: 0..<100, using: &random)
    for (verb, share) in shares {
      if draw < share { return WalkStep(verb: verb, seed: random.next()) }
      draw -= share
    }
    return WalkStep(verb: .run, seed: random.next())
  }

  var description: String { "\(verb.rawValue)(\(seed))" }
}

/// Where the engine and the model differ.
struct WalkMismatch: Error {
  var steps: [WalkStep]
  /// What was done, in words.
  var story: [String]
  var difference: String
}

/// Does the same things to an engine and to the model, and compares after each of them all that can be seen.
struct Walk {
  let world: WalkWorld
  var model: WalkModel
  let start: Timestamp
  var story: [String] = []
  var random = SeededGenerator(seed: 0)
  var paused: Set<String> = []
  var limit: WalkLimit?
  /// Whether there was any: jobs keep the turns that it has given them.
  var wasLimited = false
  /// What the jobs have been through, in the words of ``WalkModel/marks``.
  private(set) var seen: Set<String> = []
  /// What the engine answered otherwise than the model.
  var differences: [String] = []

  static let queues = ["default", "other"]

  init(_ world: WalkWorld) {
    self.world = world
    world.forget()
    start = world.clock.now
    model = WalkModel(now: start)
  }

  /// - Throws: ``WalkMismatch``.
  mutating func go(_ steps: [WalkStep]) async throws {
    for (index, step) in steps.enumerated() {
      random = SeededGenerator(seed: step.seed)
      story.append("\(step.verb)")
      do {
        try await take(step.verb)
        try await compare()
      } catch {
        differences.append("\(error)")
      }
      guard differences.isEmpty else { throw mismatch(Array(steps[...index])) }
    }
    try await end(steps)
  }

  private func mismatch(_ steps: [WalkStep]) -> WalkMismatch {
    WalkMismatch(steps: steps, story: story, difference: differences.joined(separator: "\n"))
  }

  private mutating func take(_ verb: WalkStep.Verb) async throws {
    switch verb {
    case .enqueue: try await enqueue()
    case .claim: try await claim()
    case .run: try await run()
    case .promote: try await promote()
    case .signal: try await signal()
    case .decide: try await decide()
    case .ask: try await ask()
    case .change: try await change()
    case .pause: try await pause()
    case .limit: try await changeLimit()
    case .lose: try await lose()
    case .restart: try await restart()
    case .late: try await settleLate()
    }
  }

  mutating func say(_ text: String) { story[story.count - 1] += " \(text)" }

  mutating func expect<Value: Equatable>(_ what: String, _ actual: Value, _ wanted: Value) {
    if actual != wanted { differences.append("\(what): the engine says \(actual), the model \(wanted)") }
  }

  private mutating func compare() async throws {
    let stored = try await world.snapshot(since: start)
    let wanted = model.snapshot(since: start)
    seen.formUnion(model.marks)
    for name in Set(stored.keys).union(wanted.keys).sorted() where stored[name] != wanted[name] {
      differences.append("\(name) is   \(stored[name] ?? "missing")\n\(name) ought \(wanted[name] ?? "not to be")")
    }
    for job in model.present where !model.jobs[job].bodies.isEmpty {
      guard model.jobs[job].attempt > 0 else { continue }
      expect("bodies of j\(job)", ran(job), model.jobs[job].bodies)
    }
  }

  var bodiesBefore: [Int: [String: Int]] = [:]

  /// How often the body of each step was begun, by this engine and those before it.
  private func ran(_ job: Int) -> [String: Int] {
    world.handler.bodies(of: world.ids[job]).merging(bodiesBefore[job] ?? [:], uniquingKeysWith: +)
  }

  /// Notes what the engine has run that is about to end.
  mutating func rememberBodies() {
    for job in model.jobs.indices { bodiesBefore[job] = ran(job) }
  }

  /// Cancels and discards everything: nothing of it may be left.
  private mutating func end(_ steps: [WalkStep]) async throws {
    story.append("end")
    try await restart()
    _ = try await world.engine.cancel(world.ids, reason: "over", by: .system)
    _ = try await world.engine.discard(world.ids, by: .system)
    let left = try await world.snapshot(since: start).keys.sorted()
    if !left.isEmpty { differences.append("after everything was discarded there is still \(left)") }
    let rows = try await world.leftovers()
    if !rows.isEmpty { differences.append("after everything was discarded there are rows in \(rows)") }
    if limit != nil { _ = try await world.engine.removeLimit("walk") }
    for queue in paused { _ = try await world.engine.resume(.queue(QueueName(stored: queue)), by: .system) }
    // Alerts outlive their jobs, and so do keys with an end of their own.
    _ = try await world.engine.store.write { transaction in
      try transaction.execute("DELETE FROM nightshift_outbox")
      try transaction.execute("DELETE FROM nightshift_keys")
    }
    guard differences.isEmpty else { throw mismatch(steps) }
  }
}
