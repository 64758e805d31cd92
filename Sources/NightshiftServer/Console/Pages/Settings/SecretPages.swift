import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// What jobs need and nobody is to read: values go in here, and never come out.
  static let secretPages: [Route] = [
    .page("/secrets", .role(.admin)) { try await SecretPages.list($0) },
    .form("/secrets", .role(.admin), audit: "set-secret", SecretPages.set),
    .form("/secrets/rotate", .role(.admin), audit: "rotate-secrets") { request in
      try await SecretPages.orAgain(request) {
        _ = try await request.engine.rotateSecrets(by: request.actor)
        return request.see("/secrets", Flash(.changed))
      }
    },
    .form("/secrets/{name}/remove", .role(.admin), audit: "remove-secret") { request in
      let name = request.parameters["name"] ?? ""
      guard try await request.engine.removeSecret(name, by: request.actor) else {
        return try await SecretPages.list(
          request, fault: "There is no secret \"\(name.truncatedUTF8(to: 100))\".", status: .notFound)
      }
      return request.see("/secrets", Flash(.removed))
    },
  ]
}

enum SecretPages {
  static func list(
    _ request: APIRequest, fault: String? = nil, status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    let secrets = try await request.engine.secrets()
    return try await request.page(SecretsPage(secrets, request, fault: fault), at: .settings, status: status)
  }

  static func set(_ request: APIRequest) async throws -> Response {
    try await orAgain(request) {
      // Browsers send CR LF for each end of a line, and keys in files have none.
      let value = (request.form.raw("value") ?? "").replacing("\r\n", with: "\n")
      _ = try await request.engine.setSecret(request.form["name"] ?? "", to: value, by: request.actor)
      return request.see("/secrets", Flash(.saved))
    }
  }

  /// The page with what is wrong, and without the value, which is not to stand in an answer.
  static func orAgain(_ request: APIRequest, _ work: () async throws -> Response) async throws -> Response {
    do {
      return try await work()
    } catch let error as SecretError {
      guard case .invalid(let field) = error.reason else {
        return try await list(request, fault: error.description, status: Problem(error).status)
      }
      return try await list(request, fault: "The \(field) \(error.description).", status: .unprocessableContent)
    }
  }
}

struct SecretsPage: PageModel {
  static let template = "secrets"

  struct Line: Sendable {
    let name: String
    let version: String
    let key: String
    let updated: TimeView
    let updatedBy: String
    let used: TimeView?
  }

  let title = "Secrets"
  let fault: String?
  let secrets: [Line]
  let hasSecrets: Bool
  /// What was typed as a name, when the form comes back.
  let name: String
  let nameRule = SecretRule.name

  init(_ secrets: [SecretSummary], _ request: APIRequest, fault: String?) {
    let now = request.engine.clock.now
    self.fault = fault
    self.secrets = secrets.map { secret in
      Line(
        name: secret.name, version: "\(secret.version)", key: secret.keyID,
        updated: TimeView(secret.updatedAt, now: now), updatedBy: secret.updatedBy,
        used: TimeView(secret.usedAt, now: now))
    }
    hasSecrets = !secrets.isEmpty
    name = fault == nil ? "" : request.form["name"] ?? ""
  }
}
