/// A few numbers as a small line. The partial `sparkline` shows it.
struct Sparkline: Sendable {
  private static let (width, height, margin) = (120.0, 28.0, 2.0)

  let line: String
  let area: String
  let label: String

  /// - Parameter label: What a screen reader says instead.
  init(_ values: [Int], label: String) {
    self.label = label
    let most = Double(max(1, values.max() ?? 1))
    let step = values.count > 1 ? Self.width / Double(values.count - 1) : Self.width
    let points = values.enumerated().map { index, value in
      let y = Self.margin + (Self.height - 2 * Self.margin) * (1 - Double(value) / most)
      return "\(Self.short(Double(index) * step)) \(Self.short(y))"
    }
    line = points.isEmpty ? "" : "M" + points.joined(separator: "L")
    area =
      points.isEmpty ? "" : "\(line)L\(Self.short(Self.width)) \(Self.short(Self.height))L0 \(Self.short(Self.height))Z"
  }

  private static func short(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }
}
