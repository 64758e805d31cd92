import Nightshift

/// One thing that `doctor` has looked at.
struct Finding: Sendable {
  var name: String
  var isFine: Bool
  var found: String
  var remedy: String?

  static func fine(_ name: String, _ found: String) -> Finding {
    Finding(name: name, isFine: true, found: found)
  }

  static func wrong(_ name: String, _ found: String, _ remedy: String) -> Finding {
    Finding(name: name, isFine: false, found: found, remedy: remedy)
  }

  /// As the API tells it.
  init(_ json: JSONValue) {
    self.init(
      name: json.text("name"), isFine: json["fine"]?.boolValue ?? false, found: json.text("found"),
      remedy: json["remedy"]?.stringValue)
  }

  init(name: String, isFine: Bool, found: String, remedy: String? = nil) {
    self.name = name
    self.isFine = isFine
    self.found = found
    self.remedy = remedy
  }

  var json: JSONValue {
    var fields: [String: JSONValue] = [
      "name": .string(name), "fine": .bool(isFine), "found": .string(found),
    ]
    if let remedy, !isFine { fields["remedy"] = .string(remedy) }
    return .object(fields)
  }
}
