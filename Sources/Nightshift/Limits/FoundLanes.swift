/// The pools of the jobs that a claim finds. Each lane and each pool is looked at once, however many of the jobs are in
/// it.
struct FoundLanes: Sendable {
  struct Room: Sendable {
    let pool: Pool
    let gate: Gate
    /// Jobs that the claim has found in it since it was looked at last.
    var found = 0
    /// How many more may begin; `nil` before it was counted.
    var left: Int?
    /// How many of them begin.
    var taken = 0

    /// Whether nothing but what it says here is known of its room; else a claim knows more, by rates and whole queues.
    var isPlain: Bool { !gate.isWhole && gate.rate == nil }
  }

  private struct Lane: Sendable {
    /// Of which kind its jobs are that were looked at last.
    var kind: String
    var rooms: [Int]
  }

  var rooms: [Room] = []
  private var roomIndexes: [String: Int] = [:]
  private var lanes: [Lane] = []
  private var laneIndexes: [String: Int] = [:]
  private var queue: String?
  /// Whether jobs of one lane may differ in the gates that cover them.
  private var dependsOnKind = false

  /// Makes ready for jobs of a queue: what the lanes of another one say may not be all in this one.
  mutating func begin(_ queue: String, _ gates: GateSet) {
    guard queue != self.queue else { return }
    self.queue = queue
    lanes.removeAll(keepingCapacity: true)
    laneIndexes.removeAll(keepingCapacity: true)
    dependsOnKind = gates.covering(queue: queue).contains { !$0.kinds.isEmpty }
  }

  /// The lane of a job whose like was looked at before.
  func known(_ text: String, kind: String) -> Int? {
    guard let index = laneIndexes[text], !dependsOnKind || lanes[index].kind == kind else { return nil }
    return index
  }

  mutating func add(_ text: String, _ pools: [Pool], kind: String, _ gates: GateSet) -> Int {
    let lane = Lane(kind: kind, rooms: pools.compactMap { pool in gates[pool.gate].map { room(pool, $0) } })
    if let index = laneIndexes.updateValue(lanes.count, forKey: text) {
      laneIndexes[text] = index
      lanes[index] = lane
      return index
    }
    lanes.append(lane)
    return lanes.count - 1
  }

  private mutating func room(_ pool: Pool, _ gate: Gate) -> Int {
    if let index = roomIndexes.updateValue(rooms.count, forKey: pool.text) {
      roomIndexes[pool.text] = index
      return index
    }
    rooms.append(Room(pool: pool, gate: gate))
    return rooms.count - 1
  }

  mutating func noteFound(in lane: Int) {
    for room in lanes[lane].rooms { rooms[room].found += 1 }
  }

  /// Takes a place in all of a lane's pools, or tells which of them has none. All of them have been counted.
  mutating func take(_ lane: Int) -> Room? {
    let indexes = lanes[lane].rooms
    for index in indexes where rooms[index].left == 0 { return rooms[index] }
    for index in indexes {
      rooms[index].left! -= 1
      rooms[index].taken += 1
    }
    return nil
  }
}
