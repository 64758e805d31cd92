import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Kinds of jobs and their pauses.
  static let kindPageRoutes: [Route] = [
    .page("/kinds", .role(.viewer)) { request in
      let page = KindsPage(
        try await request.engine.kinds(), try await request.engine.pausedKinds(), for: request)
      return try await request.page(page, at: .queues)
    },
    .page("/kinds/{name}", .role(.viewer)) { request in
      let kind = try await kind(request)
      let pause = try await request.engine.pausedKinds()[kind.kind]
      return try await request.page(KindPage(kind, pause, for: request), at: .queues)
    },
    .form("/kinds/{name}/pause", .role(.operator), audit: "pause") { request in
      let kind = try await kind(request)
      let (reason, until) = try PauseForm.read(request)
      try await request.engine.pause(
        kind: JobKind(stored: kind.kind), until: until, reason: reason, by: request.actor)
      return request.see("/kinds/\(ConsoleLink.escaped(kind.kind))", Flash(.paused))
    },
    .form("/kinds/{name}/resume", .role(.operator), audit: "resume") { request in
      let kind = try await kind(request)
      // One that is not paused is as it is wanted.
      _ = try await request.engine.resume(kind: JobKind(stored: kind.kind), by: request.actor)
      return request.see("/kinds/\(ConsoleLink.escaped(kind.kind))", Flash(.resumed))
    },
  ]

  private static func kind(_ request: APIRequest) async throws -> KindSummary {
    let name = request.parameters["name"] ?? ""
    guard let kind = try await request.engine.kinds().first(where: { $0.kind == name }) else {
      throw Problem.notFound("No worker has ever registered the kind \"\(name.truncatedUTF8(to: 100))\".")
    }
    return kind
  }
}
