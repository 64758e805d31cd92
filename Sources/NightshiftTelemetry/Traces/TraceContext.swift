import Nightshift
import Tracing

/// Which span something belongs to, as W3C's Trace Context carries it from one process to the next.
struct TraceContext: Sendable, Hashable {
  var high: UInt64
  var low: UInt64
  var span: UInt64
  var isSampled: Bool
  /// Whether it came from elsewhere.
  var isRemote = false
  /// What other vendors have attached; carried on as it is.
  var state: String?

  var traceID: String { Self.hexadecimal(high) + Self.hexadecimal(low) }
  var spanID: String { Self.hexadecimal(span) }

  /// Version 00, whatever came in.
  var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

  init(high: UInt64, low: UInt64, span: UInt64, isSampled: Bool) {
    self.high = high
    self.low = low
    self.span = span
    self.isSampled = isSampled
  }

  /// Reads a `traceparent`; `nil` if it is not valid, and a new trace is to begin.
  init?(traceparent: String) {
    let text = Array(traceparent.utf8)
    // A later version may have more behind a dash; of version 00 there is nothing more.
    guard text.count >= 55, text.count == 55 || (text[55] == UInt8(ascii: "-") && !traceparent.hasPrefix("00-")),
      text[2] == UInt8(ascii: "-"), text[35] == UInt8(ascii: "-"), text[52] == UInt8(ascii: "-"),
      let version = Self.number(text[0..<2]), version != 0xff, let high = Self.number(text[3..<19]),
      let low = Self.number(text[19..<35]), let span = Self.number(text[36..<52]),
      let flags = Self.number(text[53..<55]), high != 0 || low != 0, span != 0
    else { return nil }
    self.init(high: high, low: low, span: span, isSampled: flags & 1 == 1)
    isRemote = true
  }

  /// The span that is to be below this one.
  func child() -> TraceContext {
    var child = self
    child.span = .random(in: 1...(.max))
    child.isRemote = false
    return child
  }

  /// The first span of a new trace; the sampler has yet to be asked.
  static func root() -> TraceContext {
    TraceContext(
      high: .random(in: 0...(.max)), low: .random(in: 1...(.max)), span: .random(in: 1...(.max)), isSampled: false)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var number: UInt64 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
      // Lowercase only.
      case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return number
  }

  private static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// Under which key the context of a task holds its span's.
enum TraceContextKey: ServiceContextKey {
  typealias Value = TraceContext
  static let nameOverride: String? = "nightshift-trace"
}

extension ServiceContext {
  var trace: TraceContext? {
    get { self[TraceContextKey.self] }
    set { self[TraceContextKey.self] = newValue }
  }
}
