/// A part of what a role may do, to which a token is confined: `jobs`, `jobs:read`, `metrics:read`.
package struct TokenScope: Sendable, Hashable, CustomStringConvertible {
  /// What routes are about.
  package enum Area: String, Sendable, CaseIterable {
    case jobs, checkpoints, workflows, schedules, queues, limits, workers, metrics, accounts, audit, secrets, console
  }

  package var area: Area
  /// Whether it lets change things too.
  package var isWrite: Bool

  package init(_ area: Area, isWrite: Bool) {
    self.area = area
    self.isWrite = isWrite
  }

  /// Reads `AREA` or `AREA:read`.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let area = parts.first.flatMap({ Area(rawValue: String($0)) }), parts.count <= 2,
      parts.count == 1 || parts[1] == "read"
    else { return nil }
    self.init(area, isWrite: parts.count == 1)
  }

  package var description: String { isWrite ? area.rawValue : "\(area.rawValue):read" }

  /// What a scope must be, for messages.
  package static let rule =
    "one of \(Area.allCases.map(\.rawValue).joined(separator: ", ")), with `:read` behind it for looking only"

  /// Whether whoever has this may do what needs `other`.
  package func covers(_ other: TokenScope) -> Bool { area == other.area && (isWrite || !other.isWrite) }
}
