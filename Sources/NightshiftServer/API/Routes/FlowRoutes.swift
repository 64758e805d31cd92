import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// What people and programs send to a job that is under way, or make of one that is over.
  static let flowRoutes: [Route] = [
    .post("/api/jobs/{id}/signals/{name}", .member, audit: "signal", body: .optionalObject(.job), signal),
    .post("/api/jobs/{id}/fork", .member, audit: "fork", body: .optionalObject(.job), fork),
  ]

  private static func signal(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    let name = request.parameters["name"] ?? ""
    let reader = FieldReader(request.body, known: ["payload"])
    try reader.check()
    let payload = reader.raw("payload") ?? .null
    guard let state = try await request.engine.signal(name, to: id, payload: payload.serialized(), by: request.actor)
    else { throw APIRequest.noSuchJob(id) }
    guard !state.isTerminal else {
      throw Problem.conflict("The job is `\(state.rawValue)`: it waits for nothing any more, and nothing was kept.")
    }
    return .json(
      ["id": .string("\(id)"), "signal": .string(name), "statusUrl": .string(Links.status(of: id))],
      status: .accepted, headers: [.location: Links.status(of: id)])
  }

  private static func fork(_ request: APIRequest) async throws -> Response {
    let origin = try request.jobID()
    var reader = FieldReader(request.body, known: ["step", "result", "payload"])
    let step = reader.text("step", upTo: 500)
    try reader.check()
    let payload = try await request.restored(reader.raw("payload"), ofJob: origin)
    let fork = Fork(step: step, result: reader.raw("result")?.serialized(), payload: payload?.serialized())
    do {
      let id = try await request.engine.fork(origin, fork, by: request.actor)
      return .json(
        [
          "id": .string("\(id)"), "origin": .string("\(origin)"), "state": "ready",
          "statusUrl": .string(Links.status(of: id)), "liveUrl": .string(Links.live(of: id)),
        ], status: .accepted, headers: [.location: Links.status(of: id)])
    } catch let error as ForkError {
      switch error {
      case .missing: throw APIRequest.noSuchJob(origin)
      case .unknownStep, .resultWithoutStep: throw Problem.invalid([.init("#/step", error.description)])
      }
    }
  }
}
