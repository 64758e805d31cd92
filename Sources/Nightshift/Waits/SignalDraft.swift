/// A signal as a script waits for it.
package struct SignalDraft: Sendable, Hashable {
  /// Any of which ends the wait.
  package var names: [String]
  package var timeout: Duration?

  package init(_ names: [String], timeout: Duration? = nil) {
    self.names = names
    self.timeout = timeout
  }

  /// Reads one from the fields of a script's line.
  package init(reading fields: [String: JSONValue]) throws(FieldReading.Mistake) {
    var reading = FieldReading(fields, known: ["$signal", "timeout"])
    let timeout = reading.duration("timeout")
    let names = Self.names(fields["$signal"] ?? .null)
    if !(1...50).contains(names.count) {
      let got = (fields["$signal"] ?? .null).description.truncatedUTF8(to: 40)
      reading.refuse("$signal", "must be a name, or a list of 1 to 50 names; got \(got)")
    }
    for name in names where !StepName.isValid(name) {
      reading.refuse("$signal", "must have names of \(StepName.rule); got \"\(name.truncatedUTF8(to: 40))\"")
    }
    guard reading.faults.isEmpty else { throw FieldReading.Mistake(faults: reading.faults) }
    self.init(names, timeout: timeout)
  }

  /// None if any is no text.
  private static func names(_ value: JSONValue) -> [String] {
    if let name = value.stringValue { return [name] }
    let items = value.arrayValue ?? []
    let names = items.compactMap(\.stringValue)
    return names.count == items.count ? names : []
  }

  /// The same for the same names.
  var waitName: String { Set(names).sorted().joined(separator: "|") }
}
