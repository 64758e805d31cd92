import Synchronization

/// What an attempt was given and has kept: what of it is hidden must not leave the process in a trace or an error report.
///
/// There is one only where somebody watches and something is hidden, and it is looked into only when the attempt fails.
final class GivenDocuments: Sendable {
  /// More than that is looked into at once, and only what is hidden of it is kept.
  private static let mostBytes = 1 << 20

  private struct State {
    var documents: [ArraySlice<UInt8>]
    var bytes: Int
    var texts: Set<String> = []

    mutating func lookInto(_ redaction: Redaction) {
      for document in documents {
        // What is no JSON has no names, and hides nothing.
        guard let value = try? JSONValue(parsing: document) else { continue }
        _ = redaction.redacted(value, collecting: &texts)
      }
      (documents, bytes) = ([], 0)
    }
  }

  private let redaction: Redaction
  private let state: Mutex<State>

  init(_ payload: ArraySlice<UInt8>, _ redaction: Redaction) {
    self.redaction = redaction
    state = Mutex(State(documents: [payload], bytes: payload.count))
  }

  func add(_ document: [UInt8]) {
    state.withLock { state in
      state.documents.append(document[...])
      state.bytes += document.count
      if state.bytes > Self.mostBytes { state.lookInto(redaction) }
    }
  }

  /// The texts that are hidden of all of it.
  var hiddenTexts: Set<String> {
    state.withLock { state in
      state.lookInto(redaction)
      return state.texts
    }
  }
}

// MARK: What may leave the process

extension Engine {
  /// Whether somebody outside is told of failures, and something is hidden from them.
  var hidesFromOutside: Bool { configuration.observer != nil && !configuration.redaction.paths.isEmpty }
}

extension JobContext {
  /// Notes what the handler is handed: it may repeat it in an error.
  func note(given document: @autoclosure () -> [UInt8]?) {
    guard let given, let document = document() else { return }
    given.add(document)
  }

  /// An error of this attempt as people outside may read it: without the secrets that it has asked for, and without what
  /// is hidden of its payload and of what else it was given.
  package func told(_ error: any Error) -> Failure {
    let failure = masks.apply(Failure(describing: error))
    return given.map { failure.masked($0.hiddenTexts) } ?? failure
  }

  /// The same for any text of this attempt.
  package func told(_ text: String) -> String {
    let masked = masks.apply(text)
    return given.map { Redaction.masked(masked, $0.hiddenTexts) } ?? masked
  }

  /// What is hidden of what the attempt was given, if it has failed and somebody is told of that.
  func hiddenTexts(after outcome: Settlement.Outcome) -> Set<String>? {
    guard let given else { return nil }
    return switch outcome {
    case .dead, .runAgain(_, .retry): given.hiddenTexts
    default: nil
    }
  }
}

extension Failure {
  /// Without texts that are hidden.
  package func masked(_ hidden: Set<String>) -> Failure {
    guard !hidden.isEmpty else { return self }
    var masked = self
    masked.type = Redaction.masked(type, hidden)
    masked.message = Redaction.masked(message, hidden)
    masked.detail = detail.map { Redaction.masked($0, hidden) }
    return masked
  }
}
