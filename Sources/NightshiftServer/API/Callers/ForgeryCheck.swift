import HTTPTypes
import Nightshift

/// Keeps other sites from doing something in the name of whoever is signed in here: a browser sends the session's
/// cookie by itself, so that it alone says nothing of who has made the request.
enum ForgeryCheck {
  static let field = HTTPField.Name("X-CSRF-Token")!

  /// Refuses what another site's page has sent, as far as the browser says so.
  static func checkSite(_ head: HTTPRequest, _ crossOrigin: CrossOrigin) throws(Problem) {
    if let site = head.headerFields[HTTPField.Name("Sec-Fetch-Site")!], !["same-origin", "none"].contains(site) {
      throw foreign
    }
    guard crossOrigin.allowsWebSocket(from: head) else { throw foreign }
  }

  /// Refuses a change that does not bear what only this session's own pages know.
  static func check(_ token: String?, of session: Session) throws(Problem) {
    guard let token, token.utf8.count == session.csrf.utf8.count,
      zip(token.utf8, session.csrf.utf8).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0
    else {
      throw Problem(
        .forbidden, "csrf",
        "The request does not bear this session's `X-CSRF-Token` (a page's form: the field `csrf`). Load the page anew, "
          + "then try again.")
    }
  }

  private static var foreign: Problem {
    Problem(.forbidden, "cross_site", "Pages of other sites may not do this in your name. Nothing was changed.")
  }
}
