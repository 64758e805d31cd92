import HummingbirdCore
import Nightshift

extension RouteTable {
  /// The processes that run jobs.
  static let workerPageRoutes: [Route] =
    [
      .page("/workers", .role(.viewer)) { request in
        try await request.page(try await WorkersPage(for: request), at: .workers)
      }
    ]
    + [("start", WorkerMode.running), ("stop", .stopped), ("drain", .draining)].map { verb, mode in
      .form("/workers/{id}/\(verb)", .role(.operator), audit: verb) { request in
        try await command(mode, request)
      }
    }

  private static func command(_ mode: WorkerMode, _ request: APIRequest) async throws -> Response {
    let text = request.parameters["id"] ?? ""
    let worker = text == "all" ? nil : WorkerID(text)
    let missing = Problem.notFound(
      "There is no live worker \"\(text.truncatedUTF8(to: 40))\". It may have ended since you opened the page.")
    guard worker != nil || text == "all" else { throw missing }
    let count = try await request.engine.command(mode, worker: worker, by: request.actor)
    guard count > 0 || worker == nil else { throw missing }
    return request.see("/workers", Flash(.told, count: count))
  }
}
