/// Turns a schema into nodes that refer to each other by place.
///
/// It works off a list instead of calling itself, so that a long chain of `$ref`s cannot exhaust the stack.
struct SchemaCompiler {
  private let root: JSONValue
  private var nodes: [SchemaNode] = []
  private var pointers: [JSONPointer] = []
  private var schemas: [JSONValue] = []
  private var places: [String: SchemaNode.Place] = [:]

  private init(root: JSONValue) { self.root = root }

  /// The nodes; the first is the whole schema.
  static func compile(_ schema: JSONValue) throws(PayloadSchemaError) -> [SchemaNode] {
    var compiler = SchemaCompiler(root: schema)
    _ = compiler.place(of: schema, at: JSONPointer())
    while compiler.nodes.count < compiler.schemas.count {
      let next = compiler.nodes.count
      compiler.nodes.append(try compiler.node(compiler.schemas[next], at: compiler.pointers[next]))
    }
    try compiler.refuseCircles()
    return compiler.nodes
  }

  /// Where the schema's node is, or is going to be.
  mutating func place(of schema: JSONValue, at pointer: JSONPointer) -> SchemaNode.Place {
    let fragment = pointer.fragment
    if let place = places[fragment] { return place }
    places[fragment] = schemas.count
    schemas.append(schema)
    pointers.append(pointer)
    return schemas.count - 1
  }

  private mutating func node(
    _ schema: JSONValue, at pointer: JSONPointer
  ) throws(PayloadSchemaError) -> SchemaNode {
    switch schema {
    case .bool(true): return SchemaNode()
    case .bool(false): return SchemaNode(rules: [.never])
    case .object(let fields):
      let keywords = SchemaKeywords(fields: fields, pointer: pointer)
      try keywords.checkNames()
      return SchemaNode(types: try types(keywords), rules: try rules(keywords))
    case .null, .integer, .number, .string, .array:
      let message = "must be a schema (an object, true or false); got \(SchemaPhrase.value(schema))"
      throw PayloadSchemaError(pointer: pointer.fragment, message: message)
    }
  }

  private mutating func rules(_ keywords: SchemaKeywords) throws(PayloadSchemaError) -> [SchemaRule] {
    for definitions in ["$defs", "definitions"] { _ = try children(keywords, definitions) }
    var rules = try reference(keywords).map { [SchemaRule.reference($0)] } ?? []
    rules += try values(keywords)
    if let rule = try bounds(keywords) { rules.append(.bounds(rule)) }
    if let rule = try text(keywords) { rules.append(.text(rule)) }
    if let rule = try items(keywords) { rules.append(.items(rule)) }
    if let rule = try fields(keywords) { rules.append(.fields(rule)) }
    if let places = try alternatives(keywords, "allOf") { rules.append(.allOf(places)) }
    if let places = try alternatives(keywords, "anyOf") { rules.append(.anyOf(places)) }
    if let places = try alternatives(keywords, "oneOf") { rules.append(.oneOf(places)) }
    if let place = child(keywords, "not") { rules.append(.not(place)) }
    // Compiled even without an `if`, so that mistakes in them are found.
    let (then, otherwise) = (child(keywords, "then"), child(keywords, "else"))
    if let test = child(keywords, "if") {
      rules.append(.condition(test: test, then: then, otherwise: otherwise))
    }
    return rules
  }

  private mutating func reference(_ keywords: SchemaKeywords) throws(PayloadSchemaError) -> SchemaNode.Place? {
    guard let text = try keywords.text("$ref") else { return nil }
    guard let pointer = JSONPointer(fragment: text) else {
      let wanted = "must point into this schema, as \"#/$defs/name\" does"
      throw keywords.error("$ref", "\(wanted); got \(SchemaPhrase.quoted(text))")
    }
    guard let schema = pointer.value(in: root) else {
      let names =
        root["$defs"]?.objectValue?.keys.map { JSONPointer().appending("$defs").appending($0).fragment } ?? []
      let suggestion = SchemaPhrase.suggestion(for: text, among: names)
      throw keywords.error("$ref", "leads nowhere: there is no \(SchemaPhrase.quoted(text))\(suggestion)")
    }
    return place(of: schema, at: pointer)
  }

  /// Schemas that apply each other to the same value would be checked for ever.
  private func refuseCircles() throws(PayloadSchemaError) {
    let applied = nodes.map(\.applied)
    var isOpen = Array(repeating: true, count: nodes.count)
    var users = Array(repeating: [SchemaNode.Place](), count: nodes.count)
    for (place, others) in applied.enumerated() { for other in others { users[other].append(place) } }
    // Takes away what applies nothing, then what applied only that, and so on. What stays leads into a
    // circle.
    var openCounts = applied.map(\.count)
    var finished = nodes.indices.filter { openCounts[$0] == 0 }
    while let place = finished.popLast() {
      isOpen[place] = false
      for user in users[place] {
        openCounts[user] -= 1
        if openCounts[user] == 0 { finished.append(user) }
      }
    }
    guard var place = isOpen.firstIndex(of: true) else { return }
    var seen: Set<SchemaNode.Place> = []
    while seen.insert(place).inserted, let next = applied[place].first(where: { isOpen[$0] }) { place = next }
    let message = "applies itself to the same value without end"
    throw PayloadSchemaError(pointer: pointers[place].fragment, message: message)
  }
}
