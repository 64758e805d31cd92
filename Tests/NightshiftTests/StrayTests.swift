@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A job whose claim was recorded and never answered` {
  @Test func `runs after all, and what is at work is left alone`() async throws {
    let test = try await TestEngine.fresh()
    let (begun, release) = (Signal(), Signal())
    try await test.engine.register("k", payload: Int.self) { _, context in
      guard context.attempt == 1 else { return }
      begun.signal()
      await release.wait()
    }
    let lost = try await test.engine.add("k")
    // As if the answer had not come through: recorded, and nobody here knows.
    let request = ClaimRequest(
      worker: test.engine.workerID, now: test.clock.now, lanes: [.init(.default, limit: 1)], limit: 1)
    #expect(try await test.engine.store.claim(request).map(\.id) == [lost])
    let running = try await test.engine.add("k")
    try await test.engine.whileRunning {
      await begun.wait()
      await eventually {
        test.clock.advance(by: .seconds(5))
        return try await test.engine.state(of: lost) == .completed
      }
      #expect(try await test.engine.job(lost)?.summary.attempt == 2)
      #expect(try await test.engine.job(running)?.summary.attempt == 1)
      release.signal()
      _ = try await test.engine.waitUntil(running, is: .completed)
    }
  }
}
