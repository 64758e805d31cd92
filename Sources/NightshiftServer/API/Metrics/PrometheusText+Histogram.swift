import Nightshift

extension PrometheusText {
  /// The bounds that are told, in microseconds; each is one of ``DurationHistogram/bounds``, so that the counts are exact.
  static let jobBounds: [Int64] = [
    10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
    50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 10_000_000_000,
  ]
  static let requestBounds: [Int64] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
  ]

  /// Adds histograms in seconds.
  mutating func histograms(
    _ name: String, _ help: String, bounds: [Int64],
    _ series: [(labels: [(String, String)], histogram: DurationHistogram)]
  ) {
    guard !series.isEmpty else { return }
    head(name, "histogram", help)
    for (labels, histogram) in series {
      for bound in bounds {
        sample("\(name)_bucket", labels + [("le", Self.seconds(bound))], Double(histogram.count(upTo: bound)))
      }
      sample("\(name)_bucket", labels + [("le", "+Inf")], Double(histogram.count))
      sample("\(name)_sum", labels, Double(histogram.sum) / 1_000_000)
      sample("\(name)_count", labels, Double(histogram.count))
    }
  }

  private static func seconds(_ microseconds: Int64) -> String { number(Double(microseconds) / 1_000_000) }
}

extension PrometheusText {
  /// How many series of one metric are told; what is beyond is added up as `other`.
  static let mostSeries = 100

  /// The busiest series, and one for all others.
  static func bounded(_ series: [DurationSeries]) -> [(labels: [(String, String)], histogram: DurationHistogram)] {
    let sorted = series.sorted { ($1.histogram.count, $0.queue, $0.kind) < ($0.histogram.count, $1.queue, $1.kind) }
    var told = sorted.prefix(mostSeries).sorted { ($0.queue, $0.kind) < ($1.queue, $1.kind) }.map {
      (labels: [("queue", $0.queue), ("kind", $0.kind)], histogram: $0.histogram)
    }
    let rest = sorted.dropFirst(mostSeries)
    guard !rest.isEmpty else { return told }
    var other = DurationHistogram()
    for series in rest { other.add(series.histogram) }
    told.append(([("queue", "other"), ("kind", "other")], other))
    return told
  }
}
