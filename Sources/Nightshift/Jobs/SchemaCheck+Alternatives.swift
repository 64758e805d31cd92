extension SchemaCheck {
  mutating func checkAny(of places: [SchemaNode.Place], _ value: JSONValue) {
    for place in places where accepts(value, place) { return }
    noneMatches(of: places, value)
  }

  mutating func checkOne(of places: [SchemaNode.Place], _ value: JSONValue) {
    var matching: [Int] = []
    for (index, place) in places.enumerated() where accepts(value, place) { matching.append(index + 1) }
    guard matching.count != 1, !isDone else { return }
    guard matching.count > 1 else { return noneMatches(of: places, value) }
    let numbers = matching.map(String.init).joined(separator: ", ")
    fault("must match exactly one of \(places.count) alternatives, but matches \(numbers)", got: value)
  }

  /// Says what is wrong by the alternative that was meant, where that can be told.
  private mutating func noneMatches(of places: [SchemaNode.Place], _ value: JSONValue) {
    guard !isDone else { return }
    guard !isTrial else { return fault("must match one of the alternatives", got: value) }
    let meant = places.filter { isMeant($0, by: value) }
    if meant.count == 1 { return apply(meant[0], to: value) }
    let candidates = meant.isEmpty ? places : meant
    let values = candidates.compactMap { onlyValues(of: $0) }
    if values.count == candidates.count { return check(value, isOneOf: values.flatMap(\.self)) }
    let types = places.reduce(into: SchemaTypes()) { $0.formUnion(self.types(of: $1)) }
    if !types.contains(SchemaTypes(of: value)) { return fault("must be \(types.phrase)", got: value) }
    fault("must match at least one of \(SchemaPhrase.count(places.count, "alternative"))", got: value)
  }

  /// Whether the type fits and no field with a fixed value, such as the `kind` that tells objects apart,
  /// differs.
  private func isMeant(_ place: SchemaNode.Place, by value: JSONValue) -> Bool {
    guard types(of: place).contains(SchemaTypes(of: value)) else { return false }
    for case .fields(let rule) in nodes[end(of: place)].rules {
      for field in rule.properties {
        guard let part = value[field.name], let values = onlyValues(of: field.place) else { continue }
        if !values.contains(part) { return false }
      }
    }
    return true
  }

  private func onlyValues(of place: SchemaNode.Place) -> [JSONValue]? {
    for case .values(let values) in nodes[end(of: place)].rules { return values }
    return nil
  }

  private func types(of place: SchemaNode.Place) -> SchemaTypes {
    nodes[place].types.intersection(nodes[end(of: place)].types)
  }

  /// Where a chain of `$ref`s leads. The compiler refused those without an end.
  private func end(of place: SchemaNode.Place) -> SchemaNode.Place {
    var place = place
    while case .reference(let next) = nodes[place].rules.first { place = next }
    return place
  }
}
