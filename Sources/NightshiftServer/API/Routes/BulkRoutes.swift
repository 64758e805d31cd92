import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Changing many jobs at once, by their ids or by a filter.
  static let bulkRoutes: [Route] = BulkVerb.allCases.map { verb in
    .post("/api/jobs/\(verb.rawValue)", .operator, audit: verb.rawValue, body: .object(.small)) {
      request in
      try await change(verb, request)
    }
  }

  private static let mostIDs = 1_000

  private static func change(_ verb: BulkVerb, _ request: APIRequest) async throws -> Response {
    var reader = FieldReader(
      request.body, known: ["ids", "filter", "dryRun"] + (verb == .cancel ? ["reason"] : []))
    let isDryRun = reader.flag("dryRun") ?? false
    let reason = verb == .cancel ? reader.text("reason", upTo: 500) : nil
    if reader.has("ids") == reader.has("filter") {
      reader.refuse("filter", "or `ids` must say which jobs are meant: send one of them")
    }
    if reader.has("ids"), isDryRun {
      reader.refuse("dryRun", "goes with `filter`: ids say already which jobs are meant")
    }
    let ids = ids(&reader)
    try reader.check()
    guard ids.isEmpty else {
      for id in ids where try await !request.engine.reaches(request.actor.reach, id) { throw APIRequest.noSuchJob(id) }
      return try await change(verb, ids, reason, request)
    }
    guard
      let filter = try FilterReader.read(reader["filter"], at: "#/filter").asked(
        by: request.actor, request.engine.configuration.redaction)
    else {
      return .json(JSONValue(.nothing, dryRun: isDryRun))
    }
    let outcome = try await request.engine.changeAll(
      verb, matching: filter, reason: reason, dryRun: isDryRun, by: request.actor)
    return .json(JSONValue(outcome, dryRun: isDryRun))
  }

  private static func ids(_ reader: inout FieldReader) -> [JobID] {
    var ids: [JobID] = []
    let rule = "an array of 1 to \(mostIDs) ids"
    let items = reader.value("ids", rule) { value in
      value.arrayValue.flatMap { (1...mostIDs).contains($0.count) ? $0 : nil }
    }
    for (place, item) in (items ?? []).enumerated() {
      if let id = item.stringValue.flatMap({ JobID($0) }) {
        ids.append(id)
      } else {
        reader.add([.init("#/ids/\(place)", "must be the id of a job (job_…); got \(item.excerpt)")])
      }
    }
    return ids
  }

  private static func change(
    _ verb: BulkVerb, _ ids: [JobID], _ reason: String?, _ request: APIRequest
  ) async throws -> Response {
    let engine = request.engine
    let outcomes =
      switch verb {
      case .cancel:
        try await engine.cancel(ids, reason: reason ?? "cancelled by \(request.actor.id)", by: request.actor)
      case .retry: try await engine.retry(ids, by: request.actor)
      case .discard: try await engine.discard(ids, by: request.actor)
      }
    var changed: [JobID] = []
    var refused: [JSONValue] = []
    var missing: [JSONValue] = []
    for (id, outcome) in zip(ids, outcomes) {
      switch outcome {
      case .changed: changed.append(id)
      case .refused(let state):
        refused.append(["id": .string(id.description), "state": .string(state.rawValue)])
      case .missing: missing.append(.string(id.description))
      }
    }
    return .json([
      "count": JSONValue(changed.count),
      "sample": .array(changed.prefix(20).map { .string($0.description) }),
      "dryRun": false,
      "refused": .array(refused),
      "missing": .array(missing),
    ])
  }
}
