/// How far somebody has come who has all pools with held jobs looked at: one batch in each transaction, however many pools
/// there are. What is left stands in `nightshift_wakes` beside the pools, whose names are numbers.
struct WakeWalk: Sendable, Hashable {
  /// The last pool that was woken.
  var last: String

  /// A hundred thousand pools are woken in as many transactions as there are hundreds of these.
  static let batch = 1_000
  private static let mark = "*"
  /// The marks that a walk may have, as a range of names.
  static let marks = (first: mark, end: "+")

  init(last: String) { self.last = last }

  /// `nil` for the name of a pool.
  init?(_ text: String) {
    guard text.hasPrefix(Self.mark) else { return nil }
    last = String(text.dropFirst(Self.mark.count))
  }

  var text: String { Self.mark + last }
}

extension StoreSession {
  /// Has all pools looked at that have held jobs: after a gate was changed or a worker was lost.
  package func wakeHeld(now: Timestamp) throws(StoreError) {
    guard try knowsLimits else { return }
    try wakeNext(after: "", now: now)
  }

  func go(on walk: WakeWalk, now: Timestamp) throws(StoreError) {
    try execute("DELETE FROM nightshift_wakes WHERE pool = ?", [.text(walk.text)])
    try wakeNext(after: walk.last, now: now)
  }

  /// Wakes one batch of pools, and leaves a mark for those behind it.
  private func wakeNext(after last: String, now: Timestamp) throws(StoreError) {
    let pools = try heldPools(after: last)
    for pool in pools { try Pool(pool).map { pool throws(StoreError) in try wake(pool, at: now) } }
    guard pools.count == WakeWalk.batch, let last = pools.last else { return }
    try execute(
      "INSERT INTO nightshift_wakes(pool, at) VALUES(?, ?) ON CONFLICT(pool) DO NOTHING",
      [.text(WakeWalk(last: last).text), SQLValue(now)])
    tally.due(at: now)
  }

  /// From one pool to the next, however many jobs each has.
  private func heldPools(after last: String) throws(StoreError) -> [String] {
    try query(
      """
      WITH RECURSIVE held(pool, number) AS (
        SELECT (SELECT min(held_by) FROM nightshift_jobs WHERE hold >= 4 AND held_by > ?), 1
        UNION ALL
        SELECT (SELECT min(held_by) FROM nightshift_jobs WHERE hold >= 4 AND held_by > held.pool), number + 1
        FROM held WHERE pool IS NOT NULL AND number < ?)
      SELECT pool FROM held WHERE pool IS NOT NULL ORDER BY pool
      """, [.text(last), SQLValue(WakeWalk.batch)]
    ).compactMap { $0.text(0) }
  }
}
