import Nightshift

/// An error as the API tells it (RFC 9457), in one message for the terminal: whoever typed a command is not told of
/// paths, headers and pointers.
struct ProblemDetails {
  private let response: APIResponse
  private let body: JSONValue?
  /// The path of the request.
  private let path: String
  /// What to do about a token that is refused.
  private let tokenRemedy: String

  init(
    _ response: APIResponse, path: String,
    tokenRemedy: String = "Set NIGHTSHIFT_TOKEN to a token of this server (`nightshift tokens create` makes one)."
  ) {
    self.response = response
    self.path = path
    self.tokenRemedy = tokenRemedy
    body = try? JSONValue(parsing: response.body)  // a proxy may answer in HTML; then the status has to do
  }

  var failure: CommandFailure { CommandFailure(message, isFinal: (400..<500).contains(response.status)) }

  private var message: String {
    let faults = body?.items("errors").map(Self.line) ?? []
    guard faults.isEmpty else { return faults.joined(separator: "\n") }
    let detail = body?["detail"]?.stringValue ?? "The server answered with status \(response.status)."
    switch response.status {
    case 401: return tokenRemedy
    case 404: return remedy.map { "\(detail) \($0)" } ?? detail
    case 413: return "That is more than the server takes in one request. Send less at a time."
    case 500...:
      guard let id = body?["requestId"]?.stringValue else { return detail }
      return "\(detail) The server's log has more of it (request \(id))."
    default: return detail
    }
  }

  private static func line(_ fault: JSONValue) -> String {
    let place =
      fault["pointer"]?.stringValue.map(ArgumentName.of(pointer:)) ?? fault["parameter"]?.stringValue.map(
        ArgumentName.of(parameter:)) ?? ""
    let detail = ArgumentName.words(fault.text("detail"), about: fault.text("pointer"))
    return place.isEmpty ? detail : "\(place): \(detail)"
  }

  /// Which command shows what there is.
  private var remedy: String? {
    let commands = [
      ("/api/queues", "queues"), ("/api/workers", "workers"), ("/api/tokens", "tokens"), ("/api/limits", "limits"),
      ("/api/breakers", "breakers"), ("/api/kinds", "kinds"),
    ]
    return commands.first { path.hasPrefix($0.0) }.map { "`nightshift \($0.1)` lists those there are." }
  }
}
