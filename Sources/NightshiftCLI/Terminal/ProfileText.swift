import Foundation
import Nightshift

/// Where time goes, as people read it.
enum ProfileText {
  /// One line for each kind.
  static func table(_ kinds: [JSONValue]) -> Table {
    var table = Table([
      .flexible("KIND"), .number("ATTEMPTS"), .number("FAILED"), .number("TOTAL"), .number("P50"), .number("P95"),
      .number("P99"), .number("TREND"), .number("WAIT P95").optional, .flexible("MOST OF IT").optional,
    ])
    for kind in kinds {
      let attempts = kind["attempts"] ?? .null
      let isSlow = kind["threshold"]?["slow"]?.boolValue ?? false
      let most = kind.items("parts").first.map { "\($0.text("part")) \($0.text("name")) \(share($0))" } ?? ""
      table.add([
        .init(kind.text("kind"), isSlow ? .red : .plain), .init("\(attempts.number("count"))"), failures(attempts),
        time(attempts, "totalSeconds"), time(attempts, "p50Seconds"), time(attempts, "p95Seconds"),
        time(attempts, "p99Seconds"), trend(attempts), time(kind["waits"] ?? .null, "p95Seconds"), .init(most, .dim),
      ])
    }
    return table
  }

  static func table(ofParts parts: [JSONValue]) -> Table {
    var table = Table([
      .text("PART"), .flexible("NAME"), .number("SHARE"), .number("COUNT"), .number("FAILED"), .number("P50"),
      .number("P95"), .number("P99"), .number("TREND"), .number("LONGEST").optional,
    ])
    for part in parts {
      table.add([
        .init(part.text("part"), .dim), .init(part.text("name")), .init(share(part)),
        .init("\(part.number("count"))"), failures(part), time(part, "p50Seconds"), time(part, "p95Seconds"),
        time(part, "p99Seconds"), trend(part), time(part, "longestSeconds"),
      ])
    }
    return table
  }

  static func table(ofSlowest attempts: [JSONValue]) -> Table {
    var table = Table([.text("SLOWEST"), .number("ATTEMPT"), .number("TOOK"), .text("ENDED")])
    for attempt in attempts {
      table.add([
        .init(attempt.text("job")), .init("\(attempt.number("attempt"))"), time(attempt, "seconds"),
        .init(attempt.text("endedAt"), .dim),
      ])
    }
    return table
  }

  /// What holds for the whole kind.
  static func heading(_ kind: JSONValue) -> [String] {
    let (attempts, waits) = (kind["attempts"] ?? .null, kind["waits"] ?? .null)
    var lines = [
      "\(kind.text("kind")): \(Count.text(attempts.number("count"), "attempt")), \(attempts.number("failures")) failed, "
        + "\(seconds(attempts, "totalSeconds")) in all",
      "  took    p50 \(seconds(attempts, "p50Seconds"))  p95 \(seconds(attempts, "p95Seconds"))  "
        + "p99 \(seconds(attempts, "p99Seconds"))  longest \(seconds(attempts, "longestSeconds"))"
        + (trend(attempts).text.isEmpty ? "" : "  trend \(trend(attempts).text)"),
      "  waited  p50 \(seconds(waits, "p50Seconds"))  p95 \(seconds(waits, "p95Seconds"))  "
        + "p99 \(seconds(waits, "p99Seconds"))",
    ]
    if let threshold = kind["threshold"], threshold != .null {
      let isSlow = threshold["slow"]?.boolValue ?? false
      lines.append(
        "  watched for a p95 over \(threshold.text("over")) above \(threshold.text("p95")): "
          + (isSlow ? "slow since \(threshold.text("slowSince"))" : "not slow"))
    }
    return lines
  }

  private static func failures(_ figures: JSONValue) -> Table.Cell {
    let count = figures.number("failures")
    return .init("\(count)", count == 0 ? .dim : .yellow)
  }

  private static func share(_ part: JSONValue) -> String {
    "\(Int(((part["share"]?.doubleValue ?? 0) * 100).rounded()))%"
  }

  private static func trend(_ figures: JSONValue) -> Table.Cell {
    guard let trend = figures["trend"]?.doubleValue else { return .init("") }
    let percent = Int((trend * 100).rounded())
    return .init("\(percent > 0 ? "+" : "")\(percent)%", percent >= 50 ? .red : percent > 10 ? .yellow : .plain)
  }

  private static func time(_ figures: JSONValue, _ name: String) -> Table.Cell { .init(seconds(figures, name)) }

  /// `0.35ms`, `12ms`, `3.4s`, `2m5s`.
  private static func seconds(_ figures: JSONValue, _ name: String) -> String {
    let seconds = figures[name]?.doubleValue ?? 0
    switch seconds {
    case ..<0.01: return "\((seconds * 100_000).rounded() / 100)ms"
    case ..<1: return "\(Int((seconds * 1000).rounded()))ms"
    case ..<60: return "\((seconds * 10).rounded() / 10)s"
    default: return Duration.seconds(Int(seconds.rounded())).text
    }
  }
}
