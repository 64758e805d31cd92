/// How many jobs a bulk action would mean, as far as can be told at once.
package struct BulkEstimate: Sendable {
  package var count: Int
  /// Whether there are no more than ``count``.
  package var isExact: Bool
  /// Some of them.
  package var sample: [JobID]
}

extension Engine {
  /// Counts what a bulk action would mean: from the counters where they tell, else for about 50 ms.
  package func estimate(_ verb: BulkVerb, matching filter: JobFilter) async throws(StoreError) -> BulkEstimate {
    var filter = filter
    filter.states = filter.states.isEmpty ? verb.states : filter.states.intersection(verb.states)
    guard !filter.states.isEmpty else { return BulkEstimate(count: 0, isExact: true, sample: []) }
    let first = try await jobs(filter, limit: 10)
    let sample = first.jobs.map(\.id)
    var plain = filter
    (plain.states, plain.queues) = ([], [])
    if plain.isEmpty {
      let queues = try await self.queues().filter { filter.queues.isEmpty || filter.queues.contains($0.name) }
      let count = queues.reduce(0) { sum, queue in sum + filter.states.reduce(0) { $0 + (queue.counts[$1] ?? 0) } }
      return BulkEstimate(count: count, isExact: true, sample: sample)
    }
    let page = try await jobs(filter, limit: 2_000)
    return BulkEstimate(count: page.jobs.count, isExact: page.next == nil, sample: sample)
  }
}
