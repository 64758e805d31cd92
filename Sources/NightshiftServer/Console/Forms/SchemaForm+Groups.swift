import Nightshift

// Values that hold others: objects and lists.

extension SchemaForm {
  func object(
    _ schema: JSONValue?, _ value: JSONValue?, _ place: String, _ depth: Int, _ base: FieldView
  ) -> (FieldView, JSONValue?) {
    var view = base
    view.isGroup = true
    let properties = schema?["properties"]?.objectValue ?? [:]
    let required = Set((schema?["required"]?.arrayValue ?? []).compactMap(\.stringValue))
    var result = value?.objectValue ?? [:]
    // What is needed first, then by name: an object of JSON has no order of its own.
    let names = Set(properties.keys).union(result.keys).sorted {
      (required.contains($0) ? 0 : 1, $0) < (required.contains($1) ? 0 : 1, $1)
    }
    for name in names {
      let pointer = "\(place)/\(name.replacing("~", with: "~0").replacing("/", with: "~1"))"
      let before = value?[name]
      let (field, read) = self.read(
        properties[name], before, at: pointer, label: name,
        isRequired: required.contains(name) || (properties[name] == nil && before != nil), depth: depth + 1)
      view.children.append(field)
      if sent != nil { result[name] = read }
    }
    let isLeftOut = sent != nil && value == nil && !base.isRequired && result.isEmpty
    return (view, isLeftOut ? JSONValue?.none : .object(result))
  }

  /// The items that are there, each with a box that keeps it, and two empty ones with a box that adds them. A browser may
  /// have added more.
  func list(
    _ schema: JSONValue?, _ value: JSONValue?, _ place: String, _ depth: Int, _ base: FieldView
  ) -> (FieldView, JSONValue?) {
    var view = base
    view.isGroup = true
    let items = value?.arrayValue ?? []
    guard items.count <= Self.mostItems else { return json(value, base.isRequired, base) }
    var result: [JSONValue] = []
    let itemSchema = schema?["items"] ?? items.first.flatMap(Self.like)
    let last = sent.flatMap { sent in (0..<Self.mostItems).last { sent.raw("p\(place)/\($0)") != nil } } ?? -1
    for index in 0..<max(items.count + 2, last + 1) {
      let before = items.indices.contains(index) ? items[index] : JSONValue?.none
      let untouched = SchemaForm(schema: itemSchema, sent: nil).item(itemSchema, before, place, index, depth)
      let presence = "p\(place)/\(index)"
      let isThere =
        sent.map { $0.raw(presence) != nil || (before == nil && Self.isTouched(untouched.0, $0)) } ?? (before != nil)
      // Nothing is wrong with what is not there.
      var (field, read) = isThere ? item(itemSchema, before, place, index, depth) : untouched
      field.presence = presence
      field.presenceLabel = before == nil ? "add" : "keep"
      field.isPresent = isThere
      view.children.append(field)
      if isThere, let read { result.append(read) }
    }
    view.listPlace = view.children.count < Self.mostItems ? place : nil
    let isLeftOut = sent != nil && value == nil && !base.isRequired && result.isEmpty
    return (view, isLeftOut ? JSONValue?.none : .array(result))
  }

  private func item(
    _ schema: JSONValue?, _ value: JSONValue?, _ place: String, _ index: Int, _ depth: Int
  ) -> (FieldView, JSONValue?) {
    read(schema, value, at: "\(place)/\(index)", label: "\(index + 1)", isRequired: true, depth: depth + 1)
  }

  /// Whether something was put into a field that was empty: then it is meant, box or no box.
  private static func isTouched(_ field: FieldView, _ sent: FormFields) -> Bool {
    if field.isGroup { return field.children.contains { isTouched($0, sent) } }
    let now = sent.raw(field.name)
    if field.isCheck { return (now != nil) != field.isChecked }
    let before = field.isChosen ? field.options.first(where: \.isSelected)?.value ?? "" : field.value
    return now.map { $0 != before } ?? false
  }

  /// What a new item of a list without a schema looks like: as the first one does.
  private static func like(_ value: JSONValue) -> JSONValue? {
    switch value {
    case .string: ["type": "string"]
    case .integer, .number: ["type": "number"]
    case .bool: ["type": "boolean"]
    default: nil
    }
  }
}
