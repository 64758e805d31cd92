import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Where one begins, and what the pages' modules ask for.
  static let startRoutes: [Route] = [
    .page("/", .role(.viewer)) { request in
      let waiting = try await request.engine.waitingQuestions(upTo: 1, for: request.actor)
      return request.see(waiting > 0 ? ConsoleSection.approvals.path : ConsoleSection.overview.path)
    },
    .page("/console/waiting", .role(.viewer)) { request in
      .json(["waiting": JSONValue(try await request.engine.waitingQuestions(upTo: 100, for: request.actor))])
    },
    .page("/console/places", .role(.viewer), places),
  ]

  private static let mostPlaces = 500

  /// Where the command palette leads, beside the pages themselves.
  private static func places(_ request: APIRequest) async throws -> Response {
    let engine = request.engine
    let queues = try await engine.queues().prefix(mostPlaces).map { queue in
      place(queue.name, "queue", "/queues/\(ConsoleLink.escaped(queue.name))")
    }
    let kinds = try await engine.kinds().prefix(mostPlaces).map { kind in
      place(kind.kind, "kind", "/kinds/\(ConsoleLink.escaped(kind.kind))")
    }
    let schedules = try await request.schedules(limit: mostPlaces).map { schedule in
      place(schedule.record.name, "schedule", "/schedules/\(schedule.record.name)")
    }
    return .json(["places": .array(queues + kinds + schedules)])
  }

  private static func place(_ name: String, _ type: String, _ path: String) -> JSONValue {
    ["name": .string(name), "type": .string(type), "path": .string(path)]
  }
}
