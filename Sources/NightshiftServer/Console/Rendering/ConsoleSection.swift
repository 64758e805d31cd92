import HTTPTypes
import Nightshift

/// The places of the console that its navigation leads to.
enum ConsoleSection: String, CaseIterable, Sendable {
  case approvals, overview, jobs, deadLetters, queues, workflows, schedules, workers, profile, audit, users, settings

  var name: String {
    switch self {
    case .deadLetters: "Dead letters"
    case .users: "Users and tokens"
    default: rawValue.prefix(1).uppercased() + rawValue.dropFirst()
    }
  }

  var path: String {
    switch self {
    case .deadLetters: "/dead-letters"
    default: "/\(rawValue)"
    }
  }

  /// The letter that leads there after `g`.
  var key: String {
    switch self {
    case .approvals: "a"
    case .overview: "o"
    case .jobs: "j"
    case .deadLetters: "d"
    case .queues: "q"
    case .workflows: "f"
    case .schedules: "s"
    case .workers: "w"
    case .profile: "p"
    case .audit: "l"
    case .users: "u"
    case .settings: "e"
    }
  }

  /// Those that a phone shows at once, at the lower edge.
  var isAtHand: Bool { [.approvals, .overview, .jobs, .deadLetters].contains(self) }

  /// Those for whoever has all jobs in view.
  var isOfAllJobs: Bool { self == .deadLetters }

  /// Those that there are, with who may see them.
  static let available: [(section: ConsoleSection, role: Role)] = allCases.compactMap { section in
    let path = section.path.split(separator: "/").map(String.init)
    guard let match = try? RouteTable.api.match(.get, path) else { return nil }  // A section without a page.
    guard case .role(let role) = match.route.access else { return nil }
    return (section, role)
  }
}
