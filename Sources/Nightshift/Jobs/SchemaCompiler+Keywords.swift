extension SchemaCompiler {
  mutating func child(_ keywords: SchemaKeywords, _ keyword: String) -> SchemaNode.Place? {
    keywords.fields[keyword].map { place(of: $0, at: keywords.pointer.appending(keyword)) }
  }

  /// The schemas of an object of schemas, sorted by name.
  mutating func children(
    _ keywords: SchemaKeywords, _ keyword: String
  ) throws(PayloadSchemaError) -> [SchemaFieldsRule.Field] {
    let pointer = keywords.pointer.appending(keyword)
    var fields: [SchemaFieldsRule.Field] = []
    for (name, schema) in try keywords.map(keyword)?.sorted(by: { $0.key < $1.key }) ?? [] {
      fields.append(SchemaFieldsRule.Field(name: name, place: place(of: schema, at: pointer.appending(name))))
    }
    return fields
  }

  mutating func alternatives(
    _ keywords: SchemaKeywords, _ keyword: String
  ) throws(PayloadSchemaError) -> [SchemaNode.Place]? {
    guard let schemas = try keywords.list(keyword) else { return nil }
    guard !schemas.isEmpty else { throw keywords.error(keyword, "must hold at least one schema") }
    let pointer = keywords.pointer.appending(keyword)
    var places: [SchemaNode.Place] = []
    for (index, schema) in schemas.enumerated() {
      places.append(place(of: schema, at: pointer.appending(index)))
    }
    return places
  }

  func types(_ keywords: SchemaKeywords) throws(PayloadSchemaError) -> SchemaTypes {
    guard let value = keywords.fields["type"] else { return .all }
    guard let names = value.stringValue.map({ [$0] }) ?? SchemaKeywords.names(value), !names.isEmpty else {
      throw keywords.error("type", "must be a type or an array of types; got \(SchemaPhrase.value(value))")
    }
    var types: SchemaTypes = []
    for name in names {
      guard let type = SchemaTypes(name: name) else {
        let wanted = "must be one of \(SchemaTypes.names.joined(separator: ", "))"
        throw keywords.error("type", "\(wanted); got \(SchemaPhrase.quoted(name))")
      }
      types.formUnion(type)
    }
    return types
  }

  func values(_ keywords: SchemaKeywords) throws(PayloadSchemaError) -> [SchemaRule] {
    var rules: [SchemaRule] = []
    if let values = try keywords.list("enum") {
      guard !values.isEmpty else { throw keywords.error("enum", "must hold at least one value") }
      rules.append(.values(values))
    }
    if let value = keywords.fields["const"] { rules.append(.values([value])) }
    return rules
  }

  func bounds(_ keywords: SchemaKeywords) throws(PayloadSchemaError) -> SchemaBounds? {
    let bounds = SchemaBounds(
      minimum: try keywords.number("minimum"),
      maximum: try keywords.number("maximum"),
      exclusiveMinimum: try keywords.number("exclusiveMinimum"),
      exclusiveMaximum: try keywords.number("exclusiveMaximum"),
      multipleOf: try keywords.number("multipleOf"))
    if let divisor = bounds.multipleOf, !divisor.isPositive {
      throw keywords.error("multipleOf", "must be more than 0; got \(divisor)")
    }
    return bounds.phrase.isEmpty ? nil : bounds
  }

  func text(_ keywords: SchemaKeywords) throws(PayloadSchemaError) -> SchemaTextRule? {
    let rule = SchemaTextRule(
      minLength: try keywords.count("minLength"),
      maxLength: try keywords.count("maxLength"),
      pattern: try pattern(keywords),
      format: try keywords.text("format").flatMap(SchemaFormat.init))
    let isUsed = rule.minLength != nil || rule.maxLength != nil || rule.pattern != nil || rule.format != nil
    return isUsed ? rule : nil
  }

  private func pattern(_ keywords: SchemaKeywords) throws(PayloadSchemaError) -> SchemaPattern? {
    guard let text = try keywords.text("pattern") else { return nil }
    guard let pattern = SchemaPattern(text) else {
      throw keywords.error("pattern", "is no regular expression: \(SchemaPhrase.quoted(text))")
    }
    return pattern
  }

  mutating func items(_ keywords: SchemaKeywords) throws(PayloadSchemaError) -> SchemaItemsRule? {
    if case .array = keywords.fields["items"] {
      throw keywords.error("items", "must be one schema; a schema for each item goes into `prefixItems`")
    }
    let relevant = [
      "items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems",
    ]
    guard relevant.contains(where: { keywords.fields[$0] != nil }) else { return nil }
    return SchemaItemsRule(
      prefix: try alternatives(keywords, "prefixItems") ?? [],
      rest: child(keywords, "items"),
      contains: child(keywords, "contains"),
      minContains: try keywords.count("minContains") ?? 1,
      maxContains: try keywords.count("maxContains"),
      minItems: try keywords.count("minItems"),
      maxItems: try keywords.count("maxItems"),
      isUnique: try keywords.flag("uniqueItems") ?? false)
  }

  mutating func fields(_ keywords: SchemaKeywords) throws(PayloadSchemaError) -> SchemaFieldsRule? {
    let relevant = [
      "properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties",
      "maxProperties", "dependentRequired", "dependentSchemas",
    ]
    guard relevant.contains(where: { keywords.fields[$0] != nil }) else { return nil }
    var rule = SchemaFieldsRule()
    rule.properties = try children(keywords, "properties")
    rule.known = Set(rule.properties.map(\.name))
    for field in try children(keywords, "patternProperties") {
      guard let pattern = SchemaPattern(field.name) else {
        let message = "is no regular expression: \(SchemaPhrase.quoted(field.name))"
        throw keywords.error("patternProperties", message)
      }
      rule.patterns.append((pattern, field.place))
    }
    // `true` is what goes for fields without it, too, and need not be asked about each of them.
    if keywords.fields["additionalProperties"] != true {
      rule.additional = child(keywords, "additionalProperties")
    }
    rule.names = child(keywords, "propertyNames")
    rule.required = try keywords.names("required") ?? []
    rule.minProperties = try keywords.count("minProperties")
    rule.maxProperties = try keywords.count("maxProperties")
    rule.dependencies = try dependencies(keywords)
    rule.dependentSchemas = try children(keywords, "dependentSchemas")
    return rule
  }

  private func dependencies(
    _ keywords: SchemaKeywords
  ) throws(PayloadSchemaError) -> [SchemaFieldsRule.Dependency] {
    guard let map = try keywords.map("dependentRequired") else { return [] }
    let inner = SchemaKeywords(fields: map, pointer: keywords.pointer.appending("dependentRequired"))
    var dependencies: [SchemaFieldsRule.Dependency] = []
    for name in map.keys.sorted() {
      dependencies.append(SchemaFieldsRule.Dependency(name: name, needs: try inner.names(name) ?? []))
    }
    return dependencies
  }
}
