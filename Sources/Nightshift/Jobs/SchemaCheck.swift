/// One check of one value. It collects faults until there are enough of them.
struct SchemaCheck {
  /// A schema whose alternatives refer to themselves can ask for more steps than there are atoms, with each
  /// level of a value doubling them. Nobody means that: a million steps take a tenth of a second.
  private static let stepLimit = 1_000_000
  /// Schemas within schemas. The parser lets values be 128 deep; each level may pass through a few `$ref`s.
  private static let depthLimit = 600

  let nodes: [SchemaNode]
  /// Whether only the verdict counts. Then nothing is checked twice to word a fault well: within each other,
  /// such second looks would double the work with every level.
  private(set) var isTrial = false
  private var limit: Int
  private var faults: [PayloadFault] = []
  /// Set when the check was given up. It stands even where a fault is what a schema wants (`not`).
  private var refusal: PayloadFault?
  private var path: [JSONPointer.Step] = []
  private var steps = 0
  private var depth = 0
  /// What the patterns have cost so far.
  var patternReports = 0

  private init(nodes: [SchemaNode], limit: Int) {
    self.nodes = nodes
    self.limit = limit
  }

  static func faults(in value: JSONValue, nodes: [SchemaNode], limit: Int) -> [PayloadFault] {
    var check = SchemaCheck(nodes: nodes, limit: limit)
    check.apply(0, to: value)
    return check.refusal.map { check.faults.prefix(limit - 1) + [$0] } ?? check.faults
  }

  var isDone: Bool { refusal != nil || faults.count >= limit }

  mutating func fault(_ message: @autoclosure () -> String) {
    guard !isDone else { return }
    // In a trial nobody reads them, and to word them would be most of its cost.
    let fault =
      isTrial
      ? PayloadFault(pointer: "", message: "")
      : PayloadFault(pointer: JSONPointer(path).fragment, message: message())
    faults.append(fault)
  }

  mutating func fault(_ message: @autoclosure () -> String, at step: JSONPointer.Step) {
    path.append(step)
    fault(message())
    path.removeLast()
  }

  mutating func fault(_ message: @autoclosure () -> String, got value: JSONValue) {
    fault("\(message()); got \(SchemaPhrase.value(value))")
  }

  /// Ends the whole check: what cannot be decided is not let through.
  mutating func refuse(_ message: String) {
    guard refusal == nil else { return }
    refusal = PayloadFault(pointer: JSONPointer(path).fragment, message: message)
  }

  mutating func apply(_ place: SchemaNode.Place, to value: JSONValue) {
    guard !isDone else { return }
    steps += 1
    guard steps <= Self.stepLimit, depth < Self.depthLimit else {
      return refuse("cannot be checked: this schema takes too many steps for it")
    }
    depth += 1
    defer { depth -= 1 }
    let node = nodes[place]
    guard node.types.contains(SchemaTypes(of: value)) else {
      return fault("must be \(Self.phrase(of: node))", got: value)
    }
    for rule in node.rules where !isDone { apply(rule, to: value) }
  }

  mutating func apply(_ place: SchemaNode.Place, to value: JSONValue, at step: JSONPointer.Step) {
    path.append(step)
    apply(place, to: value)
    path.removeLast()
  }

  /// Whether a schema has nothing against the value. Nothing is accepted once the check was given up.
  mutating func accepts(_ value: JSONValue, _ place: SchemaNode.Place) -> Bool {
    firstFault(in: value, place, isTrial: true) == nil && refusal == nil
  }

  /// What a schema has against the value, kept out of the faults of this check.
  mutating func firstFault(
    in value: JSONValue, _ place: SchemaNode.Place, isTrial: Bool
  ) -> PayloadFault? {
    let outside = (faults, limit, self.isTrial)
    (faults, limit, self.isTrial) = ([], 1, isTrial)
    defer { (faults, limit, self.isTrial) = outside }
    apply(place, to: value)
    return faults.first
  }

  private mutating func apply(_ rule: SchemaRule, to value: JSONValue) {
    switch (rule, value) {
    case (.never, _): fault("is not allowed here", got: value)
    case (.reference(let place), _): apply(place, to: value)
    case (.values(let values), _): check(value, isOneOf: values)
    case (.bounds(let bounds), .integer), (.bounds(let bounds), .number): check(value, is: bounds)
    case (.text(let rule), .string(let text)): check(text, rule)
    case (.items(let rule), .array(let items)): check(items, rule)
    case (.fields(let rule), .object(let fields)): check(fields, rule)
    case (.allOf(let places), _): for place in places where !isDone { apply(place, to: value) }
    case (.anyOf(let places), _): checkAny(of: places, value)
    case (.oneOf(let places), _): checkOne(of: places, value)
    case (.not(let place), _):
      if accepts(value, place) { fault("must not match the schema in `not`", got: value) }
    case (.condition(let test, let then, let otherwise), _):
      if let place = accepts(value, test) ? then : otherwise { apply(place, to: value) }
    case (.bounds, _), (.text, _), (.items, _), (.fields, _): break
    }
  }

  /// What the schema wants by type and, for numbers, by bounds: "a whole number, at least 1".
  private static func phrase(of node: SchemaNode) -> String {
    var phrase = node.types.phrase
    guard !node.types.isDisjoint(with: .number) else { return phrase }
    for case .bounds(let bounds) in node.rules { phrase += ", \(bounds.phrase)" }
    return phrase
  }
}
