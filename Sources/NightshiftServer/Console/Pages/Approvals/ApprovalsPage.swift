import Nightshift

/// The inbox: what waits for people, or what they have decided.
struct ApprovalsPage: PageModel {
  static let template = "approvals"

  struct KindOption: Sendable {
    let name: String
    let isChosen: Bool
  }

  let title: String
  let headline: String
  let isInbox: Bool
  let cards: [ApprovalCard]
  let isEmpty: Bool
  let isNarrowed: Bool
  let kinds: [KindOption]
  let hasKinds: Bool
  /// The address of this page, to come back to after a decision.
  let here: String
  /// Whether more wait than are put in order.
  let isCut: Bool
  let next: String?
  let remember = RememberView()
}

/// For how much more an answer may count.
struct RememberView: Sendable {
  struct Choice: Sendable {
    let value: String
    let text: String
  }

  let scopes = [
    Choice(value: "", text: "just this once"),
    Choice(value: "job", text: "every time this job asks it"),
    Choice(value: "arguments", text: "for the same data, from any job of the kind"),
    Choice(value: "kind", text: "for whatever data, from any job of the kind"),
  ]
  let lengths = [
    Choice(value: "1h", text: "for an hour"), Choice(value: "8h", text: "for 8 hours"),
    Choice(value: "7d", text: "for a week"), Choice(value: "", text: "until somebody revokes it"),
  ]
}

/// One question, with the form to edit its data.
struct ApprovalPage: PageModel {
  static let template = "approval"

  let title: String
  let card: ApprovalCard
  /// Why the last try was refused.
  let fault: String?
  let fields: [FieldView]
  let hasFields: Bool
  let json: String
  let comment: String
  let remember = RememberView()

  init(_ checkpoint: Checkpoint, for request: APIRequest, outcome: SchemaForm.Outcome? = nil, fault: String? = nil) {
    let shown = checkpoint.shown
    title = shown.title
    card = ApprovalCard(checkpoint, for: request.actor, now: request.engine.clock.now)
    self.fault = fault ?? outcome?.fault
    let made = outcome?.fields ?? []
    fields = made.isEmpty ? SchemaForm.fields(checkpoint.schema, shown.current) : made
    hasFields = SchemaForm.isUseful(fields)
    let value = outcome?.value ?? shown.current
    json = request.form.raw("json") ?? value.map { String(decoding: $0.serialized(pretty: true), as: UTF8.self) } ?? ""
    comment = request.form["comment"] ?? ""
  }
}

/// What was edited, before it is approved.
struct ApprovalReviewPage: PageModel {
  static let template = "approval-review"

  let title: String
  let card: ApprovalCard
  let changes: [ChangeView]
  let hasChanges: Bool
  let edited: String
  let comment: String
  let choice: String

  init(_ checkpoint: Checkpoint, data: JSONValue, for request: APIRequest) {
    title = "Approve with changes"
    card = ApprovalCard(checkpoint, for: request.actor, now: request.engine.clock.now)
    changes = ChangeView.list(from: checkpoint.shown.current ?? .null, to: data)
    hasChanges = !changes.isEmpty
    edited = data.description
    comment = request.form["comment"] ?? ""
    choice = request.form["choice"] ?? ""
  }
}
