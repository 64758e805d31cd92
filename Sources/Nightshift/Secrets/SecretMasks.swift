import Synchronization

/// The values of secrets that an attempt has asked for: nobody is to read them in what it says.
final class SecretMasks: Sendable {
  static let mark = "•••"
  /// Shorter values, and shorter lines of long ones, are not looked for: they would be found in everything.
  static let shortest = 4

  /// Spares attempts without secrets the lock.
  private let isUsed = Atomic(false)
  /// The longest first, so that none is found within another one's remains.
  private let texts = Mutex<[String]>([])

  /// How a value that nobody is to read may be repeated: as it is, in JSON, and line by line.
  static func forms(of value: String) -> [String] {
    var forms = [value, value.jsonEscaped]
    // A log has lines, and so may a key file.
    let lines = value.split(whereSeparator: \.isNewline)
    if lines.count > 1 { forms += lines.flatMap { [$0.trimmingSpaces, $0.trimmingSpaces.jsonEscaped] } }
    return forms.filter { $0.utf8.count >= shortest }
  }

  func add(_ value: String) {
    let new = Self.forms(of: value)
    texts.withLock { $0 = Set($0 + new).sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) } }
    isUsed.store(true, ordering: .releasing)
  }

  func apply(_ text: String) -> String {
    guard isUsed.load(ordering: .acquiring) else { return text }
    var text = text
    for secret in texts.withLock({ $0 }) where text.contains(secret) { text = text.replacing(secret, with: Self.mark) }
    return text
  }

  func apply(_ value: JSONValue) -> JSONValue {
    guard isUsed.load(ordering: .acquiring) else { return value }
    return switch value {
    case .string(let text): .string(apply(text))
    case .array(let items): .array(items.map { apply($0) })
    case .object(let fields): .object(fields.mapValues { apply($0) })
    default: value
    }
  }

  /// A text that may have been cut: the beginning of a secret at its end is masked too.
  func apply(cut text: String) -> String {
    let masked = apply(text)
    guard isUsed.load(ordering: .acquiring), masked.hasSuffix("…") else { return masked }
    let rest = masked.dropLast()
    for secret in texts.withLock({ $0 }) {
      var part = secret.dropLast()
      while part.utf8.count >= Self.shortest {
        if rest.hasSuffix(part) { return rest.dropLast(part.count) + Self.mark + "…" }
        part = part.dropLast()
      }
    }
    return masked
  }

  func apply(_ failure: Failure) -> Failure {
    var failure = failure
    failure.type = apply(failure.type)
    failure.message = apply(cut: failure.message)
    failure.detail = failure.detail.map { apply(cut: $0) }
    return failure
  }

  /// What is stored of how an attempt ended, but for its result.
  func apply(_ outcome: Settlement.Outcome) -> Settlement.Outcome {
    guard isUsed.load(ordering: .acquiring) else { return outcome }
    return switch outcome {
    case .dead(let failure): .dead(apply(failure))
    case .cancelled(let reason): .cancelled(reason: apply(reason))
    case .runAgain(let moment, .retry(let failure)): .runAgain(at: moment, .retry(apply(failure)))
    case .runAgain(let moment, .snooze(let reason)): .runAgain(at: moment, .snooze(reason: reason.map { apply($0) }))
    default: outcome
    }
  }
}

extension String {
  /// As it stands within a JSON text, without the quotes.
  fileprivate var jsonEscaped: String { String(JSONValue.string(self).description.dropFirst().dropLast()) }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    let start = drop { $0 == " " || $0 == "\t" }
    return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
