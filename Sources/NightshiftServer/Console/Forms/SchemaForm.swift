import Nightshift

/// A form for a JSON value, made from its schema where there is one and from the value where there is none; and the value
/// that comes back.
///
/// What a form cannot show (alternatives, references, what is too deep) is a field of JSON, so that nothing is out of reach
/// and nothing is lost.
struct SchemaForm: Sendable {
  struct Outcome: Sendable {
    var fields: [FieldView]
    /// The value as the form has it; `nil` where a field could not be read.
    var value: JSONValue?
    /// What is wrong and belongs to no field.
    var fault: String?
  }

  private static let deepest = 6
  static let mostItems = 50
  private static let mostFields = 300

  private let schema: JSONValue?
  let sent: FormFields?
  private let faults: [String: String]

  init(schema: JSONValue?, sent: FormFields?, faults: [String: String] = [:]) {
    self.schema = schema
    self.sent = sent
    self.faults = faults
  }

  /// An empty form, or one with a value in it.
  static func fields(_ schema: JSONValue?, _ value: JSONValue?) -> [FieldView] {
    let (view, _) = SchemaForm(schema: schema, sent: nil).read(schema, value, at: "", label: "Data", isRequired: true)
    return topFields(view)
  }

  /// Whether a form has more to show than one field of JSON.
  static func isUseful(_ fields: [FieldView]) -> Bool {
    !fields.isEmpty && !(fields.count == 1 && fields[0].isJSON) && count(fields) <= mostFields
  }

  private static func count(_ fields: [FieldView]) -> Int { fields.reduce(0) { $0 + 1 + count($1.children) } }

  /// Reads what was sent: as fields, or as the JSON of the field `json`.
  ///
  /// - Parameter before: The value that the form was made with.
  static func read(_ form: FormFields, _ schema: JSONValue?, before: JSONValue?) -> Outcome {
    if let text = form.raw("json") { return json(text, schema) }
    let reader = SchemaForm(schema: schema, sent: form)
    let (view, value) = reader.read(schema, before, at: "", label: "Data", isRequired: true)
    let fields = topFields(view)
    guard !hasFaults(fields), let value else { return Outcome(fields: fields, value: nil) }
    let found = mistakes(in: value, schema)
    guard !found.isEmpty else { return Outcome(fields: fields, value: value) }
    // Once more, with each fault at its field.
    let marker = SchemaForm(schema: schema, sent: form, faults: found)
    let marked = topFields(marker.read(schema, before, at: "", label: "Data", isRequired: true).0)
    return Outcome(
      fields: marked, value: nil,
      fault: found.sorted { $0.key < $1.key }.first.map { "\($0.key.isEmpty ? "It" : $0.key) \($0.value)" })
  }

  private static func json(_ text: String, _ schema: JSONValue?) -> Outcome {
    do {
      let value = try JSONValue(parsing: text.utf8)
      let found = mistakes(in: value, schema).sorted { $0.key < $1.key }.first
      guard let found else { return Outcome(fields: fields(schema, value), value: value) }
      return Outcome(
        fields: fields(schema, value), value: nil, fault: "\(found.key.isEmpty ? "It" : found.key) \(found.value)")
    } catch {
      return Outcome(fields: [], value: nil, fault: "This is not JSON: \(error).")
    }
  }

  /// By place, without the `#` that pointers begin with.
  private static func mistakes(in value: JSONValue, _ schema: JSONValue?) -> [String: String] {
    // The engine says what is wrong with a schema that cannot be used.
    guard let schema, let compiled = try? PayloadSchema(schema) else { return [:] }
    let faults = compiled.faults(in: value)
    return Dictionary(faults.map { (String($0.pointer.drop { $0 == "#" }), $0.message) }) { first, _ in first }
  }

  private static func topFields(_ view: FieldView) -> [FieldView] { view.isGroup ? view.children : [view] }

  private static func hasFaults(_ fields: [FieldView]) -> Bool {
    fields.contains { $0.fault != nil || hasFaults($0.children) }
  }
}

// MARK: One value

extension SchemaForm {
  fileprivate enum Shape { case text, number, whole, flag, object, list, choice([JSONValue]), json }

  /// The field for a value, and the value that was sent for it; `nil` for one that is left out or cannot be read.
  func read(
    _ schema: JSONValue?, _ value: JSONValue?, at place: String, label: String, isRequired: Bool, depth: Int = 0
  ) -> (FieldView, JSONValue?) {
    var view = FieldView(name: "f\(place)", label: schema?["title"]?.stringValue ?? label)
    view.hint = schema?["description"]?.stringValue
    view.fault = faults[place]
    view.isRequired = isRequired
    let start = value ?? (sent == nil ? schema?["default"] : nil)
    switch Self.shape(schema, value, depth) {
    case .object: return object(schema, start, place, depth, view)
    case .list: return list(schema, start, place, depth, view)
    case .text: return text(start, place, isRequired, view)
    case .number: return number(start, isRequired, wholeOnly: false, view)
    case .whole: return number(start, isRequired, wholeOnly: true, view)
    case .flag: return flag(start, isRequired, view)
    case .choice(let all): return choice(all, start, isRequired, view)
    case .json: return json(start, isRequired, view)
    }
  }

  private static func shape(_ schema: JSONValue?, _ value: JSONValue?, _ depth: Int) -> Shape {
    guard depth <= deepest else { return .json }
    guard let schema, let words = schema.objectValue, !words.isEmpty else { return shape(of: value) }
    if let all = schema["enum"]?.arrayValue, all.allSatisfy({ $0.objectValue == nil && $0.arrayValue == nil }) {
      return .choice(all)
    }
    let alternatives = ["$ref", "oneOf", "anyOf", "allOf", "if", "not"]
    guard !alternatives.contains(where: { schema[$0] != nil }) else { return .json }
    guard let type = schema["type"]?.stringValue else {
      return schema["properties"] != nil ? .object : shape(of: value)
    }
    // A value that is not of its type is shown as it is.
    switch type {
    case "string" where value == nil || value?.stringValue != nil: return .text
    case "integer" where value == nil || value?.doubleValue != nil: return .whole
    case "number" where value == nil || value?.doubleValue != nil: return .number
    case "boolean" where value == nil || value?.boolValue != nil: return .flag
    case "object" where value == nil || value?.objectValue != nil: return .object
    case "array" where value == nil || value?.arrayValue != nil: return .list
    default: return .json
    }
  }

  private static func shape(of value: JSONValue?) -> Shape {
    switch value {
    case .string: .text
    case .integer, .number: .number
    case .bool: .flag
    case .object(let fields): fields.isEmpty ? .json : .object
    case .array(let items): items.isEmpty || items.count > mostItems ? .json : .list
    case .null, nil: .json
    }
  }

  private func text(
    _ value: JSONValue?, _ place: String, _ isRequired: Bool, _ base: FieldView
  ) -> (FieldView, JSONValue?) {
    var view = base
    let before = value?.stringValue
    // Browsers send CR LF for each end of a line.
    let typed = sent.map { ($0.raw(view.name) ?? "").replacing("\r\n", with: "\n") }
    view.value = typed ?? before ?? ""
    view.isLong = view.value.contains("\n") || view.value.utf8.count > 80
    view.isText = !view.isLong
    guard let typed else { return (view, value) }
    if let before, before.replacing("\r\n", with: "\n") == typed { return (view, value) }
    if typed.isEmpty, before == nil, !isRequired { return (view, nil) }
    return (view, .string(typed))
  }

  private func number(
    _ value: JSONValue?, _ isRequired: Bool, wholeOnly: Bool, _ base: FieldView
  ) -> (FieldView, JSONValue?) {
    var view = base
    view.isNumber = true
    view.value = value.map(\.description) ?? ""
    guard let sent else { return (view, value) }
    let typed = sent[view.name] ?? ""
    view.value = typed
    if typed.isEmpty {
      if isRequired { view.fault = view.fault ?? "is missing: a number" }
      return (view, nil)
    }
    // As JSON, so that no digit of a long number is lost.
    let read = try? JSONValue(parsing: typed.utf8)  // What is no number is refused just below.
    guard let read, read.doubleValue != nil, !wholeOnly || read.intValue != nil else {
      view.fault = "must be a \(wholeOnly ? "whole number" : "number"), such as 42"
      return (view, nil)
    }
    return (view, read)
  }

  private func flag(_ value: JSONValue?, _ isRequired: Bool, _ base: FieldView) -> (FieldView, JSONValue?) {
    guard isRequired || value != nil else { return choice([true, false], value, false, base) }
    var view = base
    view.isCheck = true
    view.isChecked = sent.map { $0.raw(view.name) != nil } ?? value?.boolValue ?? false
    return (view, sent == nil ? value : .bool(view.isChecked))
  }

  private func choice(
    _ all: [JSONValue], _ value: JSONValue?, _ isRequired: Bool, _ base: FieldView
  ) -> (FieldView, JSONValue?) {
    var view = base
    view.isChosen = true
    let place = sent == nil ? value.flatMap(all.firstIndex(of:)) : sent?[view.name].flatMap { Int($0) }
    let chosen = place.flatMap { all.indices.contains($0) ? $0 : nil }
    view.options = all.enumerated().map { index, item in
      FieldView.Option(
        value: "\(index)", text: item.stringValue ?? (item == true ? "yes" : item == false ? "no" : item.description),
        isSelected: index == chosen)
    }
    if !isRequired || chosen == nil {
      view.options.insert(.init(value: "", text: isRequired ? "choose…" : "not set", isSelected: chosen == nil), at: 0)
    }
    if sent != nil, chosen == nil, isRequired { view.fault = view.fault ?? "is missing: choose one" }
    return (view, chosen.map { all[$0] })
  }

  func json(_ value: JSONValue?, _ isRequired: Bool, _ base: FieldView) -> (FieldView, JSONValue?) {
    var view = base
    view.isJSON = true
    view.value = value.map { String(decoding: $0.serialized(pretty: true), as: UTF8.self) } ?? ""
    guard let sent else { return (view, value) }
    view.value = sent[view.name] ?? ""
    guard !view.value.isEmpty else {
      if isRequired { view.fault = view.fault ?? "is missing: JSON, such as null or {}" }
      return (view, nil)
    }
    do {
      return (view, try JSONValue(parsing: view.value.utf8))
    } catch {
      view.fault = "is not JSON: \(error)"
      return (view, nil)
    }
  }
}
