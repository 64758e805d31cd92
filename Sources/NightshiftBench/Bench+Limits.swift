import Nightshift

extension Bench {
  /// What limits cost: whole lives under a limit that has room for all, beside lives without one, which run before and
  /// after, since a shared machine changes by the second.
  func limits() async throws -> [Figure] {
    let cases: [(name: String, limit: Limit, keys: Int)] = [
      ("a queue limit", Limit("bench", queues: ["default"], concurrency: 100_000), 0),
      ("100 keys", Limit("bench", by: .key, concurrency: 100_000), 100),
      ("10,000 keys", Limit("bench", by: .key, concurrency: 100_000), 10_000),
    ]
    var figures: [Figure] = []
    for (name, limit, keys) in cases {
      // The same options without the limit, so that only the limit makes the difference.
      let before = try await lives(keys: keys)
      let time = try await lives(limit, keys: keys)
      let after = try await lives(keys: keys)
      let unlimited = Double(jobs) * 2 / (before + after)
      figures.append(.rate("full life with \(name)", jobs, time, limit: unlimited))
    }
    let unlimited = Double(jobs) / (try await lives(keys: 100))
    let tight = try await lives(Limit("bench", by: .key, concurrency: 1), keys: 100)
    figures.append(.rate("full life, 100 keys, one job of each at a time", jobs, tight, limit: unlimited))
    return figures
  }
}
