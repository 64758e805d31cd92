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

  var checkpoints: [CheckpointDraft] { state.withLock { $0.checkpoints } }

  func checkpoint(_ draft: CheckpointDraft) async throws -> Bool {
    state.withLock { $0.checkpoints.append(draft) }
    return true
  }

  func keep(step name: String, result: JSONValue) async throws {}
  func waitFor(signals names: [String], timeout: Duration?) throws {}
  func childLater(_ child: ChildDraft) async throws -> Bool { true }
  func waitForOpenQuestions() async throws -> QuestionsLeft { .none }
  func forgetWaits() { state.withLock { $0.checkpoints.removeAll() } }

  var cancellationReason: CancellationReason? { nil }
}
