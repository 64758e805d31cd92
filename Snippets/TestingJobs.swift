//! Your own jobs in a test: no waiting, no background, and a clock that you move.

import Nightshift
import NightshiftTesting

struct Unready: Error {}

struct Warm: Job {
  static let kind: JobKind = "warm"
  var cache: String

  func run(_ context: JobContext) async throws { if context.attempt == 1 { throw Unready() } }
}

let test = try await TestEngine()
try await test.engine.register(Warm.self)
try await test.engine.enqueue(Warm(cache: "prices"))
let enqueued = try await test.enqueued(Warm.self)
precondition(enqueued.map(\.cache) == ["prices"])

let failing = try await test.runUntilIdle()
let tooEarly = try await test.runUntilIdle()
// The backoff after a first failure is two seconds and up to a fifth more.
test.clock.advance(by: .seconds(3))
let succeeding = try await test.runUntilIdle()
precondition([failing, tooEarly, succeeding] == [1, 0, 1])

let left = try await test.enqueued(Warm.self)
precondition(left.isEmpty)
