import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// What died, by why it died.
  static let deadLetterPages: [Route] = [
    .page("/dead-letters", .role(.viewer), query: ["show"]) { request in
      try request.checkSeesEverything()
      let show = try request.query.value("show", "`ignored`") { $0 == "ignored" ? $0 : nil }
      var found = try await request.engine.deadLetters(ignored: show != nil)
      found.groups = try await request.shown(found.groups)
      return try await request.page(DeadLettersPage(found, isIgnored: show != nil, for: request), at: .deadLetters)
    },
    .form("/dead-letters/{name}", .role(.operator), audit: "change", changeDeadLetters),
  ]

  private static func changeDeadLetters(_ request: APIRequest) async throws -> Response {
    if request.form["verb"] == "unignore" {
      try request.checkSeesEverything()
      _ = try await request.engine.unignoreError(
        (request.parameters["name"] ?? "").truncatedUTF8(to: 100), by: request.actor)
      return request.see("/dead-letters", Flash(.unignored))
    }
    let group = try await request.deadLetterGroup()
    switch request.form["verb"] {
    case "ignore":
      guard let reason = request.form["reason"] else {
        throw Problem.invalid([.init(parameter: "reason", "is missing: why nobody has to look at them")])
      }
      try await request.engine.ignoreError(
        group.fingerprint, reason: reason.truncatedUTF8(to: 500), by: request.actor)
      return request.see("/dead-letters", Flash(.ignored))
    case "retry": return try await begin(.retry, group, request)
    case "discard":
      guard request.form["confirmed"] == "yes" else {
        return try await request.page(DiscardGroupPage(try await request.shown([group])[0]), at: .deadLetters)
      }
      return try await begin(.discard, group, request)
    default: throw Problem.invalid([.init(parameter: "verb", "must be retry, discard, ignore or unignore")])
    }
  }

  private static func begin(
    _ verb: BulkVerb, _ group: DeadLetterGroup, _ request: APIRequest
  ) async throws -> Response {
    let operation = try await request.engine.begin(
      verb, of: .deadLetters(fingerprint: group.fingerprint), total: group.count, by: request.actor)
    return request.see("/operations/\(operation.id)", Flash(.started))
  }
}

struct DeadLettersPage: PageModel {
  static let template = "dead-letters"

  struct Group: Sendable {
    struct Bar: Sendable {
      let x: Int
      let y: String
      let height: String
    }

    let id: String
    let path: String
    let kind: String
    let type: String
    let message: String
    let count: String
    let first: TimeView
    let last: TimeView
    let example: String
    let examplePath: String
    let exampleMessage: String
    let bars: [Bar]
    let trendText: String
    let ignored: Ignored?
    let mayChange: Bool
  }

  struct Ignored: Sendable {
    let by: String
    let reason: String
    let at: TimeView
  }

  let title = "Dead letters"
  let isIgnored: Bool
  let groups: [Group]
  let isEmpty: Bool
  let isCut: Bool

  init(_ page: DeadLetterPage, isIgnored: Bool, for request: APIRequest) {
    let now = request.engine.clock.now
    let mayChange = request.actor.role >= .operator
    self.isIgnored = isIgnored
    groups = page.groups.map { Group($0, now: now, mayChange: mayChange) }
    isEmpty = page.groups.isEmpty
    isCut = page.isCut
  }
}

extension DeadLettersPage.Group {
  private static let height = 28.0

  init(_ group: DeadLetterGroup, now: Timestamp, mayChange: Bool) {
    let most = Double(max(1, group.trend.max() ?? 1))
    let bars = group.trend.enumerated().compactMap { index, count -> Bar? in
      guard count > 0 else { return nil }
      let height = max(2, Double(count) / most * Self.height)
      return Bar(x: index * 6, y: "\(Self.height - height)", height: "\(height)")
    }
    let today = group.trend.reduce(0, +)
    self.init(
      id: "group-\(group.fingerprint)", path: "/dead-letters/\(group.fingerprint)", kind: group.kind, type: group.type,
      message: group.message.isEmpty ? "(no message)" : group.message,
      count: group.count < DeadLetterGroup.mostCounted ? group.count.grouped : "\(group.count.grouped)+",
      first: TimeView(group.firstSeen, now: now), last: TimeView(group.lastSeen, now: now),
      example: "\(group.example)", examplePath: "/jobs/\(group.example)", exampleMessage: group.exampleMessage,
      bars: bars, trendText: today == 0 ? "none in 24 hours" : "\(today.grouped) in 24 hours",
      ignored: group.ignored.map { .init(by: $0.by, reason: $0.reason, at: TimeView($0.at, now: now)) },
      mayChange: mayChange)
  }
}

struct DiscardGroupPage: PageModel {
  static let template = "dead-letters-discard"

  let title: String
  let path: String
  let kind: String
  let message: String
  let count: String

  init(_ group: DeadLetterGroup) {
    count = group.count.grouped
    title = "Discard \(count) dead jobs?"
    path = "/dead-letters/\(group.fingerprint)"
    (kind, message) = (group.kind, group.message)
  }
}
