import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  static let workerRoutes: [Route] =
    [
      .get("/api/workers", .role(.viewer)) { request in
        let workers = try await request.engine.workers()
        var answers: [JSONValue] = []
        for var worker in workers {
          worker.running = try await request.shown(worker.running)
          answers.append(JSONValue(worker, within: request.actor.reach))
        }
        return .json(["workers": .array(answers)])
      }
    ]
    + [("start", WorkerMode.running), ("stop", .stopped), ("drain", .draining)].map { verb, mode in
      .post("/api/workers/{id}/\(verb)", .operator, audit: verb) { request in
        try await command(mode, request)
      }
    }

  private static func command(_ mode: WorkerMode, _ request: APIRequest) async throws -> Response {
    let text = request.parameters["id"] ?? ""
    let worker = text == "all" ? nil : WorkerID(text)
    let missing = Problem.notFound(
      "There is no live worker \"\(text.truncatedUTF8(to: 40))\".", remedy: "`GET /api/workers` lists them.")
    guard worker != nil || text == "all" else { throw missing }
    let count = try await request.engine.command(mode, worker: worker, by: request.actor)
    guard count > 0 || worker == nil else { throw missing }
    return .json(["workers": JSONValue(count), "mode": .string(mode.rawValue)], status: .accepted)
  }
}
