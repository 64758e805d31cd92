/// The keys under which a job's steps and waits are kept.
///
/// A name that is used again, one use after the other, is told apart by its occurrence: `send`, `send#2`. Concurrent
/// uses need a key of their own: `send#key:a`.
enum StepName {
  static func check(_ name: String) throws(FlowError) {
    guard isValid(name) else {
      throw FlowError("\"\(name.prefix(60))\" is no name for a step or wait: use \(rule).")
    }
  }

  static let rule = "1 to 200 bytes of text without `#` and `~`"

  static func isValid(_ name: String) -> Bool {
    (1...200).contains(name.utf8.count) && !name.contains("#") && !name.contains("~")
      && name.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
  }

  static func key(_ name: String, occurrence: Int) -> String { occurrence == 1 ? name : "\(name)#\(occurrence)" }
  static func key(_ name: String, own key: String) -> String { "\(name)#key:\(key)" }
  /// Of a wait that each attempt asks for anew.
  static func key(_ name: String, attempt: Int) -> String { "\(name)#attempt:\(attempt)" }

  /// The name without occurrence and generation.
  static func base(of key: String) -> String { String(key.prefix { $0 != "#" && $0 != "~" }) }

  /// What is waited for, whichever attempt has asked for it.
  static func wait(of key: String) -> String {
    key.firstRange(of: "#attempt:").map { String(key[..<$0.lowerBound]) } ?? key
  }

  /// Whether something else has taken its name since: it is history.
  static func hasGivenWay(_ key: String) -> Bool { key.contains("~") }
}

/// A step or wait was used in a way that cannot work.
public struct FlowError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, and what would be right.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// What was kept of a step is not what the handler now wants of it.
public struct StepDecodingError: Error, Sendable, CustomStringConvertible {
  /// The step.
  public let step: String
  /// The type that was kept.
  public let kept: String
  /// The type that is wanted now.
  public let wanted: String
  /// What the decoder said.
  public let reason: String

  /// For people.
  public var description: String {
    "The kept result of the step \"\(step)\" is a \(kept) and cannot be read as \(wanted): \(reason). "
      + "Give the step another name to run it again, or fork the job with another result."
  }
}

/// How a step runs.
public enum StepMode: String, Sendable, Codable {
  /// Once its result is kept it never runs again; cut off before that, it does.
  case repeatable
  /// Started at most once, whatever happens: for what must not be done twice. Cut off in the middle, a person decides.
  case once
}

/// How often a step is tried within one attempt of its job.
public struct StepRetry: Sendable, Hashable {
  /// At how many failures the step has failed for good, and with it the attempt.
  public var maxAttempts: Int
  /// The wait between two.
  public var backoff: Backoff

  /// - Parameters:
  ///   - maxAttempts: At least 1.
  ///   - backoff: The wait after each failure but the last.
  public init(maxAttempts: Int, backoff: Backoff = .exponential()) {
    precondition(maxAttempts > 0, "maxAttempts must be at least 1")
    self.maxAttempts = maxAttempts
    self.backoff = backoff
  }

  /// A failure of the step is a failure of the attempt, which its job retries.
  public static let none = StepRetry(maxAttempts: 1)
}
