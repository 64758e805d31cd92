/// One figure of `nightshift bench`, beside what stands in its way.
package struct Figure: Sendable, Codable {
  package var name: String
  package var value: Double
  package var unit: String
  /// The raw limit, measured in the same run on the same disk, or the bound that is promised.
  package var limit: Double
  /// `value / limit` where more is better, `limit / value` where less is.
  package var ratio: Double

  package init(name: String, value: Double, unit: String, limit: Double, ratio: Double) {
    self.name = name
    self.value = value
    self.unit = unit
    self.limit = limit
    self.ratio = ratio
  }
}
