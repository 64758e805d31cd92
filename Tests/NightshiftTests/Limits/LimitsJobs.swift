@testable import Nightshift
import NightshiftTesting
import Synchronization

/// A suite whose jobs are of the kind `k`, have a word as payload, and are watched.
protocol LimitsJobs {}

extension LimitsJobs {
  func options(_ change: (inout JobOptions) -> Void) -> JobOptions {
    var options = JobOptions()
    change(&options)
    return options
  }

  func register(_ engine: Engine, _ watch: BeginWatch) async throws {
    try await engine.register("k", payload: String.self) { key, _ in
      watch.begin(key)
      for _ in 0..<5 { await Task.yield() }
      watch.end(key)
    }
  }

  func add(_ engine: Engine, _ keys: [String], _ options: JobOptions = JobOptions()) async throws -> [JobID] {
    let drafts = keys.map { JobDraft(kind: "k", payload: Array("\"\($0)\"".utf8), options: options) }
    return try await engine.submit(drafts, actor: .system).map(\.id)
  }

  func waitForAll(_ ids: [JobID], _ engine: Engine) async throws {
    for id in ids { _ = try await engine.waitForEnd(of: id, timeout: .seconds(240)) }
  }
}

/// How many jobs have begun, are under way at most, in all and for each payload.
final class BeginWatch: Sendable {
  private let state = Mutex((now: [String: Int](), most: [String: Int](), order: [String]()))

  func begin(_ key: String) {
    state.withLock { state in
      state.order.append(key)
      for key in [key, ""] {
        state.now[key, default: 0] += 1
        state.most[key] = max(state.most[key] ?? 0, state.now[key]!)
      }
    }
  }

  func end(_ key: String) {
    state.withLock { state in for key in [key, ""] { state.now[key]! -= 1 } }
  }

  var most: [String: Int] { state.withLock { $0.most } }
  var order: [String] { state.withLock { $0.order } }
}

extension TestEngine {
  static func fresh(_ change: (inout EngineConfiguration) -> Void) async throws -> TestEngine {
    var configuration = EngineConfiguration()
    change(&configuration)
    return try await fresh(configuration: configuration)
  }
}
