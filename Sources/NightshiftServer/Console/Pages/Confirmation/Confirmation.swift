import HTTPTypes
import HummingbirdCore
import Nightshift

/// What somebody is asked before a form does what cannot be taken back.
///
/// With scripts the browser asks (`confirm.js`), and the form comes with `confirmed=yes`. Without them the form comes as
/// it is, and is answered with the question: a page with the same form and one button.
struct Confirmation: Sendable {
  let title: String
  let text: String
  let button: String
  /// Where whoever says no goes.
  let back: String

  /// The forms that are asked about, by their paths; a question of `nil` means that nothing has to be asked.
  static let questions: [String: @Sendable (APIRequest) -> Confirmation?] = [
    "/tokens/{id}/revoke": { _ in
      Confirmation(
        title: "Revoke this token?", text: "Programs that use it are refused at once.", button: "Revoke",
        back: "/users")
    },
    "/users/{name}/remove": { request in
      let name = request.place("name")
      return Confirmation(
        title: "Remove \(name)?", text: "For good. What \(name) did stays in the audit log.", button: "Remove",
        back: "/users")
    },
    "/users/{name}/password": { request in
      let name = request.place("name")
      return Confirmation(
        title: "Give \(name) another password?",
        text: "The present one stops working, and all sessions of \(name) end.",
        button: "Make a new password", back: "/users")
    },
    "/organizations/{name}/remove": { request in
      .removal(of: "the organization \(request.place("name"))", "Nobody belongs to it any more.", back: "/users")
    },
    "/secrets/{name}/remove": { request in
      .removal(
        of: "the secret \(request.place("name"))", "Jobs that ask for it fail, and its value cannot be brought back.",
        back: "/secrets")
    },
    "/limits/{name}/remove": { request in
      .removal(of: "the limit \(request.place("name"))", "What it keeps back starts at once.", back: "/limits")
    },
    "/breakers/{name}/remove": { request in
      .removal(
        of: "the circuit breaker \(request.place("name"))", "What it keeps back starts at once.", back: "/breakers")
    },
    "/schedules/{name}/remove": { request in
      .removal(
        of: "the schedule \(request.place("name"))", "It fires no more, and what became of its times is forgotten.",
        back: "/schedules")
    },
    "/approvals/remembered/{id}/revoke": { _ in
      Confirmation(
        title: "Revoke this answer?",
        text: "From now on people are asked again. What it has approved stays approved.", button: "Revoke",
        back: "/approvals/remembered")
    },
    "/jobs/{id}/change": { request in
      guard request.form["verb"] == "discard" else { return nil }
      return Confirmation(
        title: "Discard this job?", text: "Its payload, log and files are gone with it.", button: "Discard",
        back: "/jobs")
    },
    "/jobs/{id}/fork": { request in
      // A copy of the whole job is as harmless as adding it.
      guard let step = request.form["step"] else { return nil }
      return Confirmation(
        title: "Fork at \(step.truncatedUTF8(to: 200))?",
        text: "A new job begins there, with the results of the steps before it.", button: "Fork here", back: "/jobs")
    },
  ]

  private static func removal(of what: String, _ text: String, back: String) -> Confirmation {
    Confirmation(title: "Remove \(what)?", text: text, button: "Remove", back: back)
  }
}

extension APIRequest {
  /// What stands in a gap of the path, short enough for a page.
  fileprivate func place(_ name: String) -> String { (parameters[name] ?? "").truncatedUTF8(to: 200) }
}

extension [Route] {
  /// The same routes; those that cannot be taken back ask first.
  func askingFirst() -> [Route] {
    map { route in
      guard route.method == .post, let question = Confirmation.questions[route.path.description],
        case .answer(let handler) = route.handler
      else { return route }
      return Route(
        method: route.method, path: route.path, access: route.access, audit: route.audit, query: route.query,
        body: route.body,
        handler: .answer { request in
          guard request.form["confirmed"] != "yes", let confirmation = question(request) else {
            return try await handler(request)
          }
          return try await request.page(ConfirmPage(confirmation, for: request), at: nil)
        }, surface: route.surface, area: route.area)
    }
  }
}

/// The form once more, with the question.
struct ConfirmPage: PageModel {
  static let template = "confirm"

  struct Field: Sendable {
    let name: String
    let value: String
  }

  let title: String
  let text: String
  let button: String
  let back: String
  let action: String
  let fields: [Field]

  init(_ confirmation: Confirmation, for request: APIRequest) {
    (title, text, button) = (confirmation.title, confirmation.text, confirmation.button)
    back = confirmation.back
    // Two slashes at the front would be the name of another host.
    action = "/" + request.path.drop { $0 == "/" }
    fields = request.form.all.filter { !["csrf", "confirmed"].contains($0.name) }.map {
      Field(name: $0.name, value: $0.value)
    }
  }
}
