import Nightshift

/// JSON for people: with lines broken, whole numbers with all their digits, and cut where it would be too long to read.
struct JSONText: Sendable {
  static let limit = 256 << 10

  let text: String
  let isCut: Bool
  let size: String

  init(_ value: JSONValue) {
    self.init(text: String(decoding: Redactor.shown(value).serialized(pretty: true), as: UTF8.self))
  }

  init(stored bytes: [UInt8]) { self.init(JSONValue(stored: bytes)) }

  private init(text: String) {
    isCut = text.utf8.count > Self.limit
    self.text = isCut ? text.truncatedUTF8(to: Self.limit) : text
    size = ByteCount.text(text.utf8.count)
  }
}

enum ByteCount {
  static func text(_ bytes: Int) -> String {
    switch bytes {
    case ..<1_000: "\(bytes) B"
    case ..<1_000_000: "\((Double(bytes) / 100).rounded() / 10) kB"
    default: "\((Double(bytes) / 100_000).rounded() / 10) MB"
    }
  }
}

/// What is different between two values, place by place. The partial `changes` shows it.
struct ChangeView: Sendable {
  let place: String
  let before: String?
  let after: String?

  init(_ change: JSONValue) {
    place = change["pointer"]?.stringValue ?? ""
    before = change["before"].map { String(decoding: $0.serialized(pretty: true), as: UTF8.self) }
    after = change["after"].map { String(decoding: $0.serialized(pretty: true), as: UTF8.self) }
  }

  static func list(from before: JSONValue, to after: JSONValue) -> [ChangeView] {
    before.changes(to: after).map { ChangeView($0) }
  }
}
