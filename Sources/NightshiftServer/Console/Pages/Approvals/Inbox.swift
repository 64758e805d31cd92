import Nightshift

/// What waits for people, in the order in which one should look at it: what expires first, then what may do more harm,
/// then what waits longest.
///
/// The engine gives the newest first. What waits is little, so it is read whole, up to a bound, and put in order here.
struct Inbox: Sendable {
  /// So many of the newest are read.
  static let most = 200

  let checkpoints: [Checkpoint]
  /// Whether there are older ones that were not read.
  let isCut: Bool

  init(_ filter: CheckpointFilter, _ engine: Engine) async throws {
    let found = try await engine.checkpoints(filter, limit: Self.most)
    checkpoints = Self.ordered(found.checkpoints)
    isCut = found.next != nil
  }

  static func ordered(_ checkpoints: [Checkpoint]) -> [Checkpoint] { checkpoints.sorted { Place($0) < Place($1) } }

  /// Those after a question, which may have been decided meanwhile: its place is what counts.
  func page(after last: Checkpoint?, limit: Int) -> (checkpoints: [Checkpoint], next: CheckpointID?) {
    let rest = checkpoints.drop { checkpoint in last.map { !(Place($0) < Place(checkpoint)) } ?? false }
    let page = Array(rest.prefix(limit))
    return (page, rest.count > limit ? page.last?.id : nil)
  }

  private struct Place: Comparable {
    /// Which ten minutes: two that expire at about the same time are told apart by the harm that they may do.
    let expiry: Int64
    let harm: Int
    let id: Int64

    init(_ checkpoint: Checkpoint) {
      expiry = checkpoint.expiresAt.map { $0.microseconds / 600_000_000 } ?? .max
      harm = Self.harm(checkpoint.risk)
      id = checkpoint.id.rawValue
    }

    static func < (left: Place, right: Place) -> Bool {
      (left.expiry, -left.harm, left.id) < (right.expiry, -right.harm, right.id)
    }

    private static func harm(_ risk: String) -> Int {
      switch Risk(rawValue: risk) {
      case .irreversible, .money: 3
      case .message, nil: 2
      case .reversible: 1
      case .read: 0
      }
    }
  }
}
