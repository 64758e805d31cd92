import HTTPTypes
import HummingbirdCore
import Nightshift

/// What a person sees when a page could not be answered.
enum ErrorPage {
  static func response(_ problem: Problem, for request: HTTPRequest, requestID: String) -> Response {
    let html = "<!doctype html><title>\(problem.status.code)</title><p>\(problem.detail.escapedForHTML)"
    return .bytes(
      Array(html.utf8), type: "text/html; charset=utf-8", status: problem.status, headers: problem.headers)
  }
}

extension String {
  /// As text within HTML, and within an attribute's quotes.
  var escapedForHTML: String {
    replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }
}
