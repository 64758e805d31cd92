import HTTPTypes
import HummingbirdCore
import Nightshift

/// What a person sees when a page could not be answered: what is wrong, what to do, and the number under which the log has
/// it.
struct ErrorPage: Sendable {
  let documentTitle: String
  let assets = Assets.embedded.path
  let code: Int
  let headline: String
  let detail: String
  let advice: String
  let faults: [String]
  let request: String
  let tryAgain: String?

  static func response(_ problem: Problem, for request: HTTPRequest, requestID: String) -> Response {
    let page = ErrorPage(problem, for: request, requestID: requestID)
    let text: String
    do {
      text = try Templates.embedded.render(page, template: "error")
    } catch {
      // A defect of the template must not hide what went wrong before it.
      text = "<!doctype html><title>\(page.code)</title><p>\(SafeText.escape(problem.detail))"
    }
    return .html(text, status: problem.status, headers: problem.headers)
  }

  private init(_ problem: Problem, for request: HTTPRequest, requestID: String) {
    code = problem.status.code
    headline = Self.headline(problem)
    documentTitle = headline
    // What names its faults has them in its own words too: once is enough.
    let detail = problem.faults.isEmpty ? problem.detail : "This is what was not understood:"
    self.detail = detail.withQuotedNames
    advice = Self.advice(problem)
    faults = problem.faults.map { fault in
      switch fault.place {
      case .pointer(let place), .parameter(let place), .header(let place): "\(place) \(fault.detail)".withQuotedNames
      }
    }
    self.request = requestID
    let isSafe = request.method == .get && problem.status.code >= 500
    tryAgain = isSafe ? request.path : nil
  }

  private static func headline(_ problem: Problem) -> String {
    switch problem.status.code {
    case 401: "Please sign in"
    case 403: "This is not yours to do"
    case 404: "There is nothing here"
    case 409: "Somebody was faster"
    case 413: "That is too much"
    case 422: "Something in it is not right"
    case 429: "A little slower, please"
    case 503: "The store cannot be reached"
    case 500...: "Something broke on our side"
    default: problem.status.reasonPhrase
    }
  }

  private static func advice(_ problem: Problem) -> String {
    switch problem.status.code {
    case 401: "Sign in, then open the address again."
    case 403: "Somebody with more rights can do it, or an admin can give you the role."
    case 404: "It may have been discarded or pruned after its time. Look for it in the list of jobs."
    case 409: "Nothing was changed. Go back, look at how it stands now, and decide again."
    case 422, 400: "Nothing was changed. Go back, mend it, and send it again."
    case 429, 503: "Nothing was lost. Wait a moment and try again."
    case 500...: "Nothing was lost. Try again; if it stays, look into the server's log under the number below."
    default: "Nothing was changed."
    }
  }
}

extension String {
  /// With “name” for `name`: backticks are for terminals and for what shows them as code.
  var withQuotedNames: String {
    let parts = split(separator: "`", omittingEmptySubsequences: false)
    // Without a partner one is not the begin of a name.
    guard parts.count > 1, !parts.count.isMultiple(of: 2) else { return self }
    return parts.enumerated().map { place, part in place.isMultiple(of: 2) ? "\(part)" : "“\(part)”" }.joined()
  }
}
