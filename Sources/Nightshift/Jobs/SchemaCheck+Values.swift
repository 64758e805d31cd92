extension SchemaCheck {
  mutating func check(_ value: JSONValue, isOneOf values: [JSONValue]) {
    guard !values.contains(value) else { return }
    let suggestion = value.stringValue.map {
      SchemaPhrase.suggestion(for: $0, among: values.compactMap(\.stringValue))
    }
    let wanted = values.count == 1 ? "must be" : "must be one of"
    fault("\(wanted) \(SchemaPhrase.values(values)); got \(SchemaPhrase.value(value))\(suggestion ?? "")")
  }

  mutating func check(_ value: JSONValue, is bounds: SchemaBounds) {
    guard let number = SchemaNumber(value), !bounds.admit(number) else { return }
    fault("must be \(bounds.phrase)", got: value)
  }

  mutating func check(_ text: String, _ rule: SchemaTextRule) {
    if rule.minLength != nil || rule.maxLength != nil {
      let length = text.unicodeScalars.count
      if let least = rule.minLength, length < least {
        fault("must have at least \(SchemaPhrase.count(least, "character")); got \(length)")
      }
      if let most = rule.maxLength, length > most {
        fault("must have at most \(SchemaPhrase.count(most, "character")); got \(length)")
      }
    }
    if let format = rule.format, !format.admits(text) {
      fault("must be \(format.phrase)", got: .string(text))
    }
    if let pattern = rule.pattern, !matches(text, pattern) {
      fault("must match the pattern \(SchemaPhrase.quoted(pattern.text))", got: .string(text))
    }
  }

  /// Whether the pattern is somewhere in the text. Where that cannot be told, the check is given up.
  mutating func matches(_ text: String, _ pattern: SchemaPattern) -> Bool {
    switch pattern.search(text, reports: &patternReports) {
    case .matches: return true
    case .differs: return false
    case .tooLong:
      refuse(
        "must have at most \(SchemaPattern.lengthLimit >> 10) KiB, since it is matched against a pattern")
    case .tooCostly:
      refuse("takes too long to match against the pattern \(SchemaPhrase.quoted(pattern.text))")
    }
    return false
  }
}
