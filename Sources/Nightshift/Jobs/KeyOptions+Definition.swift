// As ``KeyOptionsReader`` reads them.

extension Unique {
  var definition: JSONValue {
    .fields([
      "key": key.definition, "for": window.map { .string($0.text) }, "onConflict": .string(onConflict.rawValue),
    ])
  }
}

extension Debounce {
  var definition: JSONValue {
    .fields([
      "key": key.definition, "quiet": .string(quiet.text), "atMost": atMost.map { .string($0.text) },
      "keep": .string(keeps.rawValue),
    ])
  }
}

extension Throttle {
  var definition: JSONValue {
    .fields([
      "key": key.definition, "limit": .integer(Int64(limit)), "per": .string(per.text),
      "excess": .string(excess.rawValue),
    ])
  }
}

extension Unique.Key {
  /// Without one, the payload is the key.
  fileprivate var definition: JSONValue? {
    switch self {
    case .named(let key): .string(key)
    case .payload: nil
    }
  }
}
