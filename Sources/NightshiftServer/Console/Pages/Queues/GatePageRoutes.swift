import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Limits and circuit breakers.
  static let gatePageRoutes: [Route] = [
    .page("/limits", .role(.viewer)) { request in
      try await request.page(LimitsPage(try await request.engine.limits(), for: request), at: .queues)
    },
    .page("/limits/{name}", .role(.viewer)) { request in
      let name = request.parameters["name"] ?? ""
      guard let status = try await request.engine.limit(name) else { throw noSuchLimit(name) }
      return try await request.page(LimitPage(status, for: request), at: .queues)
    },
    .form("/limits", .role(.operator), audit: "set-limit", setLimit),
    .form("/limits/{name}/remove", .role(.operator), audit: "remove-limit") { request in
      let name = request.parameters["name"] ?? ""
      guard try await request.engine.removeLimit(name, by: request.actor) else { throw noSuchLimit(name) }
      return request.see("/limits", Flash(.removed))
    },
    .page("/breakers", .role(.viewer)) { request in
      try await request.page(BreakersPage(try await request.engine.breakers(), for: request), at: .queues)
    },
    .form("/breakers", .role(.operator), audit: "set-breaker", setBreaker),
    .form("/breakers/{name}/reset", .role(.operator), audit: "reset-breaker") { request in
      let name = request.parameters["name"] ?? ""
      guard try await request.engine.resetBreaker(name, by: request.actor) else { throw noSuchBreaker(name) }
      return request.see("/breakers", Flash(.resumed))
    },
    .form("/breakers/{name}/remove", .role(.operator), audit: "remove-breaker") { request in
      let name = request.parameters["name"] ?? ""
      guard try await request.engine.removeBreaker(name, by: request.actor) else { throw noSuchBreaker(name) }
      return request.see("/breakers", Flash(.removed))
    },
  ]

  private static func setLimit(_ request: APIRequest) async throws -> Response {
    do {
      let limit = try LimitForm.read(request.form)
      try await request.engine.set(limit, by: request.actor)
      return request.see("/limits/\(limit.name)", Flash(.saved))
    } catch let error as LimitError {
      let form = LimitForm(request.form, faults: error.faults)
      let page = LimitsPage(try await request.engine.limits(), form, for: request)
      return try await request.page(page, at: .queues, status: .unprocessableContent)
    }
  }

  private static func setBreaker(_ request: APIRequest) async throws -> Response {
    do {
      let breaker = try BreakerForm.read(request.form)
      _ = try await request.engine.set(breaker, by: request.actor)
      return request.see("/breakers", Flash(.saved))
    } catch let error as LimitError {
      let form = BreakerForm(request.form, faults: error.faults)
      let page = BreakersPage(try await request.engine.breakers(), form, for: request)
      return try await request.page(page, at: .queues, status: .unprocessableContent)
    }
  }

  private static func noSuchLimit(_ name: String) -> Problem {
    .notFound("There is no limit \"\(name.truncatedUTF8(to: 100))\".")
  }

  private static func noSuchBreaker(_ name: String) -> Problem {
    .notFound("There is no circuit breaker \"\(name.truncatedUTF8(to: 100))\".")
  }
}
