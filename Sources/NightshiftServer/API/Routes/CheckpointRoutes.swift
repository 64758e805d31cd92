import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Questions to people, and their answers. Who may decide, each question says itself.
  static let checkpointRoutes: [Route] = [
    .get(
      "/api/checkpoints", .role(.viewer), query: ["state", "type", "kind", "job", "limit", "cursor"], listCheckpoints),
    .get("/api/checkpoints/{id}", .role(.viewer)) { request in
      let id = try request.checkpointID()
      guard let checkpoint = try await request.engine.checkpoint(id) else {
        throw CheckpointError.missing(id)
      }
      return .json(JSONValue(try await request.shown(checkpoint)))
    },
    .post("/api/checkpoints/{id}/approve", .member, audit: "approve", body: .optionalObject(.job)) { request in
      try await decide(.approve, request)
    },
    .post("/api/checkpoints/{id}/reject", .member, audit: "reject", body: .optionalObject(.small)) { request in
      try await decide(.reject, request)
    },
    .get("/api/jobs/{id}/checkpoints", .role(.viewer)) { request in
      let id = try request.jobID()
      guard try await request.engine.job(id) != nil else { throw APIRequest.noSuchJob(id) }
      var filter = CheckpointFilter()
      filter.job = id
      let page = try await request.engine.checkpoints(filter, limit: 1_000)
      return .json(["checkpoints": .array(try await request.shown(page.checkpoints).map { JSONValue($0) })])
    },
    .post("/api/jobs/{id}/checkpoints", .operator, audit: "ask", body: .object(.job), ask),
  ]

  private static func listCheckpoints(_ request: APIRequest) async throws -> Response {
    var filter = CheckpointFilter()
    filter.states = try choices("state", request.query) ?? [.pending]
    filter.types = try choices("type", request.query) ?? []
    filter.kinds = Set(request.query.values("kind"))
    filter.job = try request.query.value("job", "the id of a job") { JobID($0) }
    let limit = try request.query.value("limit", "a whole number from 1 to 200") { text in
      Int(text).flatMap { (1...200).contains($0) ? $0 : nil }
    }
    let cursor = try request.query.value("cursor", "the `next` of an earlier answer") { CheckpointID($0) }
    filter.viewer = request.actor
    guard filter.kinds.count <= 50 else {
      throw Problem.invalid([.init(parameter: "kind", "may have at most 50 values")])
    }
    let page = try await request.engine.checkpoints(filter, before: cursor, limit: limit ?? 50)
    return .json(
      .fields([
        "checkpoints": .array(try await request.shown(page.checkpoints).map { JSONValue($0) }),
        "next": page.next.map { .string("\($0)") },
      ]))
  }

  /// The values of a query parameter; `all` stands for each of them.
  private static func choices<Choice: RawRepresentable & CaseIterable & Hashable>(
    _ name: String, _ query: Query
  ) throws(Problem) -> Set<Choice>? where Choice.RawValue == String {
    let values = query.values(name)
    guard !values.isEmpty else { return nil }
    if values == ["all"] { return [] }
    var choices: Set<Choice> = []
    for value in values {
      guard let choice = Choice(rawValue: value) else {
        let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw .invalid([
          .init(parameter: name, "must be all or some of \(known); got \"\(value.truncatedUTF8(to: 40))\"")
        ])
      }
      choices.insert(choice)
    }
    return choices
  }

  private static func decide(_ answer: Verdict.Answer, _ request: APIRequest) async throws -> Response {
    let id = try request.checkpointID()
    let known = answer == .approve ? ["comment", "data", "choice", "remember"] : ["comment"]
    var reader = FieldReader(request.body, known: known)
    var verdict = Verdict(answer, via: request.isInProcess ? "cli" : "api")
    verdict.comment = reader.text("comment", upTo: 4_000)
    if answer == .approve {
      verdict.data = try await request.restored(reader.raw("data"), ofCheckpoint: id)
      verdict.choice = reader.text("choice")
      verdict.remember = remember(&reader, request.engine)
    }
    try reader.check()
    let decided = try await request.engine.decide(id, verdict, by: request.actor)
    return .json(JSONValue(try await request.shown(decided)))
  }

  private static func remember(_ reader: inout FieldReader, _ engine: Engine) -> Verdict.Remember? {
    guard let value = reader["remember"] else { return nil }
    var fields = FieldReader(value, at: "#/remember", known: ["scope", "for"])
    let scope = fields.choice("scope", Verdict.Remember.Scope.self)
    let time = fields.duration("for")
    if scope == nil, fields.faults.isEmpty {
      fields.refuse(
        "scope", "is missing: one of \(Verdict.Remember.Scope.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    reader.add(fields.faults)
    return scope.map { Verdict.Remember(scope: $0, until: time.map { engine.now + $0 }) }
  }

  private static func ask(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    let draft: CheckpointDraft
    do {
      draft = try CheckpointReader.read(request.body ?? .null)
    } catch {
      throw Problem.invalid(error.faults.map { .init("#\($0.pointer)", $0.message) })
    }
    switch try await request.engine.ask(draft, of: id, by: request.actor) {
    case .asked(let checkpoint): return .json(JSONValue(try await request.shown(checkpoint)), status: .created)
    case .known(let checkpoint): return .json(JSONValue(try await request.shown(checkpoint)))
    case .taken(let checkpoint):
      throw Problem.conflict(
        "The job has asked another question under the key \"\(checkpoint.key)\" (\(checkpoint.id)). Use another `key`.")
    case .missing: throw APIRequest.noSuchJob(id)
    case .refused(let state):
      throw Problem.conflict(
        "Only a job that is running or waiting can ask something; this one is `\(state.rawValue)`.")
    }
  }
}

extension APIRequest {
  /// The checkpoint that the path names.
  fileprivate func checkpointID() throws(Problem) -> CheckpointID {
    let text = parameters["id"] ?? ""
    guard let id = CheckpointID(text) else {
      throw .notFound(
        "There is no checkpoint \"\(text.truncatedUTF8(to: 40))\": an id is chk_ and 13 letters and digits.")
    }
    return id
  }
}
