import Foundation
import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Coming in, going out, and one's own account.
  static let signInRoutes: [Route] = [
    .page("/sign-in", .open, query: ["next"]) { request in
      let next = try request.query.value("next").flatMap(SignInPages.safe)
      guard request.session == nil else { return request.see(next ?? "/") }
      return try SignInPage(next: next).response()
    },
    .form("/sign-in", .open, audit: "sign-in", SignInPages.signIn),
    .form("/sign-out", .role(.viewer), audit: "sign-out") { request in
      if let secret = SessionCookie.secret(in: request.headers) {
        try await request.engine.endSession(secret, by: request.actor)
      }
      return .seeOther("/sign-in", headers: [.setCookie: SessionCookie.removing(isSecure: request.isSecure)])
    },
    .page("/account", .role(.viewer)) { request in
      try await request.page(try await AccountPage(request), at: nil)
    },
    .form("/account/password", .role(.viewer), audit: "set-password", SignInPages.changePassword),
    .form("/account/sessions/end", .role(.viewer), audit: "end-sessions") { request in
      _ = try await request.engine.endSessions(of: request.actor.id, by: request.actor)
      return .seeOther("/sign-in", headers: [.setCookie: SessionCookie.removing(isSecure: request.isSecure)])
    },
  ]
}

/// What the forms of signing in do, and where they lead.
enum SignInPages {
  static func signIn(_ request: APIRequest) async throws -> Response {
    // Nobody has a session yet whose token could be asked for; the browser says where the form has come from.
    try request.checkSite()
    let name = request.form["name"] ?? ""
    let next = request.form["next"].flatMap(safe)
    do {
      let secret = try await request.engine.signIn(
        name, password: request.form.raw("password") ?? "", address: request.actor.address,
        agent: request.headers[.userAgent])
      // A session that the browser had before goes, whoever has put it there. Not sooner: a mistyped password is no
      // reason to be signed out.
      if let old = SessionCookie.secret(in: request.headers), let session = try await request.engine.session(old) {
        var owner = session.actor
        owner.address = request.actor.address
        try await request.engine.endSession(old, by: owner)
      }
      return .seeOther(
        next ?? "/", headers: [.setCookie: SessionCookie.setting(secret, isSecure: request.isSecure)])
    } catch let error as AccountError {
      let problem = Problem(error)
      return try SignInPage(next: next, name: name.truncatedUTF8(to: 100), fault: error.description)
        .response(
          status: problem.status == .forbidden ? .unprocessableContent : problem.status, headers: problem.headers)
    }
  }

  static func changePassword(_ request: APIRequest) async throws -> Response {
    let (old, new) = (request.form.raw("old") ?? "", request.form.raw("new") ?? "")
    guard let session = request.session else {
      throw Problem.conflict("Only somebody who has signed in with a password can change it here.")
    }
    do {
      guard new == request.form.raw("again") else {
        return try await again("The two new passwords differ. Nothing was changed.", request)
      }
      try await request.engine.changePassword(
        of: request.actor.id, from: old, to: new, keeping: session.id, by: request.actor)
      return request.see("/", Flash(.saved))
    } catch let error as AccountError {
      if case .invalid = error.reason { return try await again("The new password \(error).", request) }
      return try await again(error.description, request)
    }
  }

  private static func again(_ fault: String, _ request: APIRequest) async throws -> Response {
    var page = try await AccountPage(request)
    page.fault = fault
    return try await request.page(page, at: nil, status: .unprocessableContent)
  }

  /// Where to sign in, and then go on to a page of ours.
  static func path(thenTo next: String?) -> String {
    guard let next = next.flatMap(safe), next != "/" else { return "/sign-in" }
    var allowed = CharacterSet.urlQueryAllowed
    allowed.remove(charactersIn: "&+=?#")
    return "/sign-in?next=" + (next.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")
  }

  /// A path of this server; `nil` for anything that would lead a browser elsewhere (`//evil.example`, `https:`, or a
  /// backslash, which browsers read as a slash).
  static func safe(_ path: String) -> String? {
    let isPlain = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
    guard path.hasPrefix("/"), !path.hasPrefix("//"), isPlain, path.utf8.count <= 2_000, !path.hasPrefix("/sign-")
    else {
      return nil
    }
    return path
  }
}

/// The door.
struct SignInPage: Sendable {
  let documentTitle = "Sign in"
  let assets = Assets.embedded.path
  var next: String?
  var name: String?
  var fault: String?

  func response(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) throws -> Response {
    .html(try Templates.embedded.render(self, template: "sign-in"), status: status, headers: headers)
  }
}

/// Who I am, what I may do, and my password.
struct AccountPage: PageModel {
  struct Stay: Sendable {
    let began: TimeView
    let used: TimeView
    let address: String
    let agent: String
  }

  static let template = "account"
  let title = "Your account"
  let csrf: String?
  let name: String
  let role: String
  let organization: String?
  /// Whether there is a password to change: a token has none.
  let hasPassword: Bool
  let mustChange: Bool
  let stays: [Stay]
  var fault: String?

  init(_ request: APIRequest) async throws {
    csrf = request.csrf
    name = request.actor.id
    role = request.actor.role.rawValue
    organization = request.actor.organization
    hasPassword = request.session != nil
    mustChange = request.session?.mustChangePassword ?? false
    let now = request.engine.now
    let sessions = hasPassword ? try await request.engine.sessions(of: request.actor.id) : []
    stays = sessions.map { Stay($0, now: now) }
  }
}
