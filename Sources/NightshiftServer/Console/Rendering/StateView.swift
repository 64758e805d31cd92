import Nightshift

/// Where something stands, as a word with a shape and a colour. The partial `state` shows it.
struct StateView: Sendable {
  let word: String
  /// Of the style sheet.
  let tone: String

  init(word: String, tone: String) {
    self.word = word
    self.tone = tone
  }

  init(_ state: JobState) { self.init(word: state.rawValue, tone: state.rawValue) }

  init(_ state: CheckpointState) {
    let tone =
      switch state {
      case .pending: "waiting"
      case .approved: "completed"
      case .rejected, .expired: "dead"
      case .noted, .withdrawn: "cancelled"
      }
    self.init(word: state.rawValue, tone: tone)
  }

  init(_ mode: WorkerMode) {
    let tone =
      switch mode {
      case .running: "completed"
      case .stopped: "blocked"
      case .draining: "running"
      }
    self.init(word: mode.rawValue, tone: tone)
  }
}
