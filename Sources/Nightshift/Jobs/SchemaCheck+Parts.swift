extension SchemaCheck {
  mutating func check(_ items: [JSONValue], _ rule: SchemaItemsRule) {
    checkCount(items.count, rule.minItems, rule.maxItems, "item")
    for (index, item) in items.enumerated() where !isDone {
      guard let place = index < rule.prefix.count ? rule.prefix[index] : rule.rest else { break }
      apply(place, to: item, at: .item(index))
    }
    if rule.isUnique { checkUnique(items) }
    guard let place = rule.contains, !isDone else { return }
    var count = 0
    for item in items where !isDone && accepts(item, place) { count += 1 }
    if count < rule.minContains {
      let wanted = SchemaPhrase.count(rule.minContains, "item")
      fault("must hold at least \(wanted) as `contains` asks for; got \(count)")
    }
    if let most = rule.maxContains, count > most {
      fault("must hold at most \(SchemaPhrase.count(most, "item")) as `contains` asks for; got \(count)")
    }
  }

  private mutating func checkCount(_ count: Int, _ least: Int?, _ most: Int?, _ noun: String) {
    if let least, count < least {
      fault("must have at least \(SchemaPhrase.count(least, noun)); got \(count)")
    }
    if let most, count > most { fault("must have at most \(SchemaPhrase.count(most, noun)); got \(count)") }
  }

  private mutating func checkUnique(_ items: [JSONValue]) {
    var seen: [JSONValue: Int] = [:]
    for (index, item) in items.enumerated() {
      guard let first = seen.updateValue(index, forKey: item) else { continue }
      return fault("must not hold an item twice: items \(first) and \(index) are equal")
    }
  }
}

extension SchemaCheck {
  mutating func check(_ fields: [String: JSONValue], _ rule: SchemaFieldsRule) {
    checkCount(fields.count, rule.minProperties, rule.maxProperties, "field")
    for name in rule.required where fields[name] == nil { missing(name, in: fields, rule) }
    for dependency in rule.dependencies where fields[dependency.name] != nil {
      for name in dependency.needs where fields[name] == nil {
        fault(
          "lacks the field \(SchemaPhrase.quoted(name)), needed with \(SchemaPhrase.quoted(dependency.name))")
      }
    }
    for field in rule.dependentSchemas where fields[field.name] != nil {
      apply(field.place, to: .object(fields))
    }
    var known = 0
    for field in rule.properties where !isDone {
      guard let value = fields[field.name] else { continue }
      known += 1
      apply(field.place, to: value, at: .field(field.name))
    }
    let asksAboutAll = rule.names != nil || !rule.patterns.isEmpty
    guard !isDone, asksAboutAll || (rule.additional != nil && known < fields.count) else { return }
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) where !isDone {
      checkOther(name, value, rule)
    }
  }

  private mutating func missing(_ name: String, in fields: [String: JSONValue], _ rule: SchemaFieldsRule) {
    guard !isDone else { return }
    let others = fields.keys.filter { !rule.known.contains($0) }
    // Not for huge objects: to compare with every name would be work for an attacker's sake.
    let nearest = others.count > 32 ? nil : Spelling.nearest(to: name, among: others)
    let hint = nearest.map { "; is it \(SchemaPhrase.quoted($0))?" } ?? ""
    fault("lacks the field \(SchemaPhrase.quoted(name))\(hint)")
  }

  /// What is asked of a field for its name or because no property says anything about it.
  private mutating func checkOther(_ name: String, _ value: JSONValue, _ rule: SchemaFieldsRule) {
    if let place = rule.names, let wrong = firstFault(in: .string(name), place, isTrial: isTrial) {
      // A name has no pointer of its own, so the fault says that it is the name that is wrong.
      fault("has a field whose name \(wrong.message)")
    }
    var isCovered = rule.known.contains(name)
    for (pattern, place) in rule.patterns where !isDone && matches(name, pattern) {
      isCovered = true
      apply(place, to: value, at: .field(name))
    }
    guard !isCovered, !isDone, let place = rule.additional else { return }
    if nodes[place].isNever {
      let suggestion = SchemaPhrase.suggestion(for: name, among: rule.known)
      fault("\(SchemaPhrase.quoted(name)) is no known field\(suggestion)", at: .field(name))
    } else {
      apply(place, to: value, at: .field(name))
    }
  }
}
