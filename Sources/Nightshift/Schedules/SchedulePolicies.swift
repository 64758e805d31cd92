/// What becomes of slots that nobody was there to fire in time.
public enum CatchUp: Sendable, Hashable {
  /// Nothing. A slot that is more than a minute late is left out, and so is one that the next slot has overtaken: at
  /// most one fires at a time, and it is the newest.
  case none
  /// The newest of them fires.
  case latest
  /// All of them fire, at most the newest thousand.
  case all
  /// So many of the newest fire, at most a thousand.
  case last(Int)

  /// How late a slot may be and still be in time.
  static let patience = Duration.seconds(60)
  static let most = 1_000

  /// How many slots may fire at once after a stop.
  var limit: Int {
    switch self {
    case .none, .latest: 1
    case .all: Self.most
    case .last(let count): min(count, Self.most)
    }
  }

  package static let rule = "none, latest, all, or last and a number from 1 to \(most), such as \"last 5\""
}

extension CatchUp: LosslessStringConvertible {
  /// As it is written in the API and in `scheduler.yaml`.
  public var description: String {
    switch self {
    case .none: "none"
    case .latest: "latest"
    case .all: "all"
    case .last(let count): "last \(count)"
    }
  }

  /// Reads what ``description`` writes.
  public init?(_ description: String) {
    switch description {
    case "none": self = .none
    case "latest": self = .latest
    case "all": self = .all
    default:
      let words = description.split(separator: " ")
      guard words.count == 2, words[0] == "last", let count = Int(words[1]), (1...Self.most).contains(count) else {
        return nil
      }
      self = .last(count)
    }
  }
}

/// What happens at a slot while a job of an earlier one is not over.
public enum ScheduleOverlap: String, Sendable, Codable, CaseIterable {
  /// They run side by side.
  case allow
  /// The new one is left out.
  case skip
  /// The new one is enqueued and waits, blocked, until the older ones are over. At most a hundred wait; more are left
  /// out.
  case queue
  /// The older ones are cancelled.
  case cancel
}
