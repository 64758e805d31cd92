import HTTPTypes
import Nightshift

@testable import NightshiftServer

extension TestAPI {
  /// A page as a browser without scripts gets it.
  func page(_ path: String, as role: Role? = .admin, headers: HTTPFields = [:]) async throws -> TestAnswer {
    var headers = headers
    headers[.accept] = "text/html"
    return try await call(.get, path, as: role, headers: headers)
  }

  /// Sends a form as a browser does.
  func send(
    _ path: String, _ fields: KeyValuePairs<String, String>, as role: Role? = .admin
  ) async throws -> TestAnswer {
    let body = fields.map { "\(ConsoleLink.escaped($0.key))=\(ConsoleLink.escaped($0.value))" }.joined(separator: "&")
    return try await call(
      .post, path, as: role, headers: [.contentType: "application/x-www-form-urlencoded", .accept: "text/html"],
      body: body)
  }
}
