import Logging
import Nightshift
import NightshiftJobs
import Synchronization

/// Notes what a script says.
final class RecordingReporter: ScriptReporter {
  struct Progress: Equatable {
    var fraction: Double
    var message: String?
  }

  struct Line: Equatable {
    var message: String
    var level: Logger.Level
  }

  struct Artifact: Equatable {
    var name: String
    var type: String
    var text: String
  }

  private struct State {
    var progress: [Progress] = []
    var lines: [Line] = []
    var artifacts: [Artifact] = []
    var checkpoints: [CheckpointDraft] = []
    var isParked = false
  }

  private let state = Mutex(State())
  private let onLine: @Sendable (String) -> Void

  /// - Parameter onLine: Called with each line of the log, so that a test can wait for one.
  init(onLine: @escaping @Sendable (String) -> Void = { _ in }) { self.onLine = onLine }

  var progress: [Progress] { state.withLock { $0.progress } }
  var lines: [Line] { state.withLock { $0.lines } }
  var messages: [String] { lines.map(\.message) }
  var artifacts: [Artifact] { state.withLock { $0.artifacts } }

  func progress(_ fraction: Double, _ message: String?) {
    state.withLock { $0.progress.append(Progress(fraction: fraction, message: message)) }
  }

  func log(_ message: String, level: Logger.Level) {
    state.withLock { $0.lines.append(Line(message: message, level: level)) }
    onLine(message)
  }

  func attach(_ name: String, type: String, _ bytes: [UInt8]) async throws {
    let artifact = Artifact(name: name, type: type, text: String(decoding: bytes, as: UTF8.self))
    state.withLock { $0.artifacts.append(artifact) }
  }

  /// What people are asked; nothing before the attempt is parked.
  var checkpoints: [CheckpointDraft] { state.withLock { $0.isParked ? $0.checkpoints : [] } }

  func checkpoint(_ draft: CheckpointDraft) async throws -> QuestionsLeft {
    state.withLock { $0.checkpoints.append(draft) }
    return .open
  }

  func keep(step name: String, result: JSONValue) async throws {}
  func waitFor(_ signal: SignalDraft) {}
  func childLater(_ child: ChildDraft) async throws -> Bool { true }
  func waitForOpenQuestions() async throws -> QuestionsLeft { .none }
  func parkForAsked() { state.withLock { $0.isParked = true } }

  var cancellationReason: CancellationReason? { nil }
}
