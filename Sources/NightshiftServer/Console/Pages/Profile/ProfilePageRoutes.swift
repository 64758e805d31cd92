import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Where the time goes, and what counts as slow.
  static let profilePageRoutes: [Route] = [
    .page("/profile", .role(.viewer), query: ["period", "kind"]) { request in
      let names = ProfilePage.Period.allCases.map(\.rawValue).joined(separator: ", ")
      let period =
        try request.query.value("period", "one of \(names)") { ProfilePage.Period(rawValue: $0) } ?? .day
      let kind = try request.query.value("kind")
      let now = request.engine.clock.now
      let profiles = try await request.engine.profile(from: now - period.length, to: now, kind: kind)
      let page = ProfilePage(profiles, period, kind: kind, for: request)
      return try await request.page(page, at: .profile)
    },
    .form("/profile/{kind}/watch", .role(.operator), audit: "watch-slowness", watch),
    .form("/profile/{kind}/unwatch", .role(.operator), audit: "end-slowness-watch") { request in
      let kind = try await kind(request)
      // One that nobody watches is as it is wanted.
      _ = try await request.engine.endWatch(over: kind, by: request.actor)
      return request.see(request.returnPath(or: "/profile"), Flash(.removed))
    },
  ]

  private static func kind(_ request: APIRequest) async throws -> String {
    let name = request.parameters["kind"] ?? ""
    guard try await request.engine.kinds().contains(where: { $0.kind == name }) else {
      throw Problem.notFound("No worker has ever registered the kind \"\(name.truncatedUTF8(to: 100))\".")
    }
    return name
  }

  private static func watch(_ request: APIRequest) async throws -> Response {
    let kind = try await kind(request)
    guard let p95 = request.form["p95"].flatMap({ Duration(text: $0) }), p95 > .zero else {
      throw Problem.invalid([.init(parameter: "p95", "must be \(DurationText.rule)")])
    }
    let window = try request.form["over"].map { text throws(Problem) in
      guard let window = Duration(text: text), SlowThreshold.windows.contains(window) else {
        throw .invalid([.init(parameter: "over", "must be 1m to 1d, such as 10m")])
      }
      return window
    }
    let threshold = SlowThreshold(kind: kind, p95: p95, window: window ?? .seconds(600))
    try await request.engine.watch(threshold, by: request.actor)
    return request.see(request.returnPath(or: "/profile"), Flash(.saved))
  }
}
