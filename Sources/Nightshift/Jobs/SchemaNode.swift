/// One compiled schema. Schemas refer to each other by their place among all nodes, so that they can be
/// recursive.
struct SchemaNode: Sendable {
  /// An index into the nodes of the whole schema; the root is 0.
  typealias Place = Int

  var types = SchemaTypes.all
  var rules: [SchemaRule] = []

  /// Whether this is the schema `false`.
  var isNever: Bool { rules.contains { if case .never = $0 { true } else { false } } }

  /// The schemas that look at the same value as this one, not at a part of it.
  var applied: [Place] { rules.flatMap(\.applied) }
}

/// One thing that a schema asks of a value.
enum SchemaRule: Sendable {
  case never
  case reference(SchemaNode.Place)
  /// `enum`, and `const` as an `enum` of one.
  case values([JSONValue])
  case bounds(SchemaBounds)
  case text(SchemaTextRule)
  case items(SchemaItemsRule)
  case fields(SchemaFieldsRule)
  case allOf([SchemaNode.Place])
  case anyOf([SchemaNode.Place])
  case oneOf([SchemaNode.Place])
  case not(SchemaNode.Place)
  case condition(test: SchemaNode.Place, then: SchemaNode.Place?, otherwise: SchemaNode.Place?)

  fileprivate var applied: [SchemaNode.Place] {
    switch self {
    case .reference(let place), .not(let place): [place]
    case .allOf(let places), .anyOf(let places), .oneOf(let places): places
    case .condition(let test, let then, let otherwise): [test] + [then, otherwise].compactMap(\.self)
    case .fields(let rule): rule.dependentSchemas.map(\.place)
    case .never, .values, .bounds, .text, .items: []
    }
  }
}

struct SchemaTextRule: Sendable {
  var minLength: Int?
  var maxLength: Int?
  var pattern: SchemaPattern?
  var format: SchemaFormat?
}

struct SchemaItemsRule: Sendable {
  /// The schemas of the first items, one each.
  var prefix: [SchemaNode.Place] = []
  /// The schema of all others.
  var rest: SchemaNode.Place?
  var contains: SchemaNode.Place?
  var minContains = 1
  var maxContains: Int?
  var minItems: Int?
  var maxItems: Int?
  var isUnique = false
}

struct SchemaFieldsRule: Sendable {
  struct Field: Sendable {
    let name: String
    let place: SchemaNode.Place
  }

  struct Dependency: Sendable {
    let name: String
    let needs: [String]
  }

  /// Sorted by name, so that faults come in the same order every time.
  var properties: [Field] = []
  /// The names of ``properties``.
  var known: Set<String> = []
  var patterns: [(pattern: SchemaPattern, place: SchemaNode.Place)] = []
  var additional: SchemaNode.Place?
  var names: SchemaNode.Place?
  var required: [String] = []
  var minProperties: Int?
  var maxProperties: Int?
  var dependencies: [Dependency] = []
  var dependentSchemas: [Field] = []
}
