import HTTPTypes
import Nightshift

/// Why a request was refused, as RFC 9457 has it. Every error that leaves the API is one of these.
struct Problem: Error, Sendable {
  /// One thing that is wrong with the request.
  struct Fault: Sendable, Hashable {
    /// Where it is.
    enum Place: Sendable, Hashable {
      /// A JSON pointer into the body, such as `#/jobs/3/kind`.
      case pointer(String)
      /// The name of a query parameter.
      case parameter(String)
      /// The name of a header field.
      case header(String)
    }

    var place: Place
    var detail: String
  }

  var status: HTTPResponse.Status
  /// A short word for programs, where the status alone does not tell causes apart.
  var code: String
  /// What is wrong and what would be right, for people.
  var detail: String
  /// Where to look or what to send instead, in words of HTTP: other front ends have their own.
  var remedy: String?
  var faults: [Fault] = []
  var headers: HTTPFields = [:]
  /// What happened inside. It goes to the log and never to the caller.
  var cause: String?

  init(
    _ status: HTTPResponse.Status, _ code: String, _ detail: String, remedy: String? = nil, faults: [Fault] = [],
    headers: HTTPFields = [:], cause: String? = nil
  ) {
    self.status = status
    self.code = code
    self.detail = detail
    self.remedy = remedy
    self.faults = faults
    self.headers = headers
    self.cause = cause
  }

  /// The body of the answer.
  func json(requestID: String) -> JSONValue {
    var fields: [String: JSONValue] = [
      "type": "about:blank",
      "title": .string(status.reasonPhrase),
      "status": .integer(Int64(status.code)),
      "code": .string(code),
      "detail": .string(detail),
      "requestId": .string(requestID),
    ]
    if let remedy { fields["remedy"] = .string(remedy) }
    if !faults.isEmpty { fields["errors"] = .array(faults.map(\.json)) }
    return .object(fields)
  }
}

extension Problem.Fault {
  init(_ pointer: String, _ detail: String) { self.init(place: .pointer(pointer), detail: detail) }

  init(parameter: String, _ detail: String) { self.init(place: .parameter(parameter), detail: detail) }

  var json: JSONValue {
    switch place {
    case .pointer(let pointer): ["pointer": .string(pointer), "detail": .string(detail)]
    case .parameter(let name): ["parameter": .string(name), "detail": .string(detail)]
    case .header(let name): ["header": .string(name), "detail": .string(detail)]
    }
  }
}

extension Problem {
  /// Fields or parameters that are wrong. The detail repeats the first, for whoever shows only that.
  static func invalid(_ faults: [Fault]) -> Problem {
    let first = faults.first.map { fault in
      switch fault.place {
      case .pointer(let pointer): "\(pointer) \(fault.detail)"
      case .parameter(let name): "The query parameter `\(name)` \(fault.detail)"
      case .header(let name): "The header `\(name)` \(fault.detail)"
      }
    }
    let others =
      faults.count > 1 ? " (and \(faults.count >= 100 ? "at least " : "")\(faults.count - 1) more in `errors`)" : ""
    return Problem(
      .unprocessableContent, "invalid", (first ?? "The request is not valid.") + others, faults: faults)
  }

  static func badRequest(_ code: String, _ detail: String) -> Problem { Problem(.badRequest, code, detail) }

  static func notFound(_ detail: String, remedy: String? = nil) -> Problem {
    Problem(.notFound, "not_found", detail, remedy: remedy)
  }

  static func conflict(_ detail: String) -> Problem { Problem(.conflict, "conflict", detail) }
}
