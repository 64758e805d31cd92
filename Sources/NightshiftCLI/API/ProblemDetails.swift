import Nightshift

/// An error as the API tells it (RFC 9457), in one message for the terminal.
struct ProblemDetails {
  private let response: APIResponse
  private let body: JSONValue?

  init(_ response: APIResponse) {
    self.response = response
    body = try? JSONValue(parsing: response.body)  // a proxy may answer in HTML; then the status has to do
  }

  var failure: CommandFailure { CommandFailure(message, isFinal: (400..<500).contains(response.status)) }

  private var message: String {
    let title = body?["title"]?.stringValue ?? "The server answered with status \(response.status)."
    var lines = [body?["detail"]?.stringValue ?? title]
    for fault in body?["errors"]?.arrayValue ?? [] {
      let detail = fault["detail"]?.stringValue ?? fault["message"]?.stringValue ?? ""
      let places = ["pointer", "parameter", "header"].compactMap { fault[$0]?.stringValue }
      let pointer = places.first ?? ""
      let line = pointer.isEmpty ? detail : "\(pointer): \(detail)"
      // The detail of a single fault often is the whole message.
      if !lines.contains(where: { $0.contains(detail) }) { lines.append("  " + line) }
    }
    if response.status == 401 {
      lines.append("Set NIGHTSHIFT_TOKEN to a token of this server (`nightshift tokens create` makes one).")
    }
    return lines.joined(separator: "\n")
  }
}
