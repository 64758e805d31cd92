import Nightshift

/// The payload in the form of a schedule: fields that are made from its kind's schema; or one field of JSON where there is
/// no schema, where somebody wants it so, and where parts are hidden from whoever edits it.
///
/// The form says of which kind its fields are, since the kind may be changed in the same form. The template
/// `schedule-payload` shows it.
struct SchedulePayload: Sendable {
  /// The kind that the fields are of; `nil` where the form has JSON.
  private(set) var fieldsOf: String?
  private(set) var fields: [FieldView] = []
  private(set) var json = ""
  /// Whether there could be fields in place of JSON.
  let mayHaveFields: Bool

  /// What was sent; `nil` where nothing was, or where it could not be read.
  private(set) var value: JSONValue?
  /// Why it could not be read.
  private(set) var fault: String?

  private let schema: JSONValue?

  /// As it is now, or empty.
  init(of record: ScheduleRecord?, kind: String, _ kinds: [KindSummary]) {
    self.init(kind, record, kinds)
    show(record?.shown["payload"], kind)
  }

  /// As it was sent.
  init(_ form: FormFields, of record: ScheduleRecord?, _ kinds: [KindSummary]) {
    let kind = form["kind"] ?? ""
    self.init(kind, record, kinds)
    let verb = form["verb"]
    switch form["payloadOf"] {
    case nil:
      json = form.raw("payload") ?? ""
      readJSON()
      // Who has written nothing yet gets fields as soon as there is a kind that has them.
      if fault == nil, verb == "fields" || value == nil || value == [:] { show(value, kind) }
    case kind where mayHaveFields:
      let outcome = SchemaForm.read(form, schema, before: record?.shown["payload"])
      (fieldsOf, fields, value) = (kind, outcome.fields, outcome.value)
      if value == nil { fault = outcome.fault ?? "is not as its fields ask for" }
      if fault == nil, verb == "json" { showJSON(value) }
    default:
      show(nil, kind)
      fault = "is that of another kind: this one's is to be filled in"
    }
  }

  private init(_ kind: String, _ record: ScheduleRecord?, _ kinds: [KindSummary]) {
    schema = kinds.first { $0.kind == kind }?.schema
    // A mark in place of what is hidden does not fit a field.
    let isHidden = record.map { $0.shown["payload"] != $0.json["payload"] } ?? false
    mayHaveFields = schema != nil && !isHidden && SchemaForm.isUseful(SchemaForm.fields(schema, nil))
  }

  private mutating func show(_ value: JSONValue?, _ kind: String) {
    let made = mayHaveFields ? SchemaForm.fields(schema, value) : []
    guard SchemaForm.isUseful(made) else { return showJSON(value) }
    (fieldsOf, fields) = (kind, made)
  }

  private mutating func showJSON(_ value: JSONValue?) {
    (fieldsOf, fields) = (nil, [])
    json = String(decoding: (value ?? [:]).serialized(pretty: true), as: UTF8.self)
  }

  private mutating func readJSON() {
    guard !json.trimmingSpaces.isEmpty else { return }
    do {
      value = try JSONValue(parsing: json.utf8)
    } catch {
      fault = "is not JSON: \(error)"
    }
  }
}
