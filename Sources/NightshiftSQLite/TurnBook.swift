import Nightshift

/// The turns that the writer hands out in fair queues.
///
/// A lane's last turn is kept in memory and written down once it is ``slack`` beyond what the database knows: a
/// statement for each job would cost a quarter of its life. A process that starts, or another one, may give a lane so
/// many turns a second time; it then comes that much too early, once, and nothing else is wrong.
struct TurnBook {
  static let slack: Int64 = 8
  /// Lanes that are remembered, beyond which one begins anew.
  static let capacity = 20_000

  /// The front of a queue: whose turn it is.
  final class Front {
    let queue: String
    let priority: Priority
    var turn: Int64 = 0
    /// The transaction that has read it.
    var readIn = -1

    init(queue: String, priority: Priority) {
      self.queue = queue
      self.priority = priority
    }
  }

  final class Lane {
    let front: Front
    /// The value of the key behind a colon.
    let name: String
    var last = Int64.min
    /// What the database knows.
    var written = Int64.min
    /// Which look at the database has told so.
    var look = -1
    var isDue = false

    init(_ name: String, _ front: Front) {
      self.name = name
      self.front = front
    }

    /// Hands out so many turns and tells the last of them.
    func next(_ count: Int64) -> Int64 {
      last = max(last, front.turn) + count
      return last
    }

    var isAhead: Bool { last >= max(written, front.turn) + TurnBook.slack }
  }

  /// What a job's own words about its pools stand for. Jobs of a queue without turns have none.
  final class Place {
    let queue: String
    let priority: Priority
    let lane: Lane?

    init(queue: String, priority: Priority, _ lane: Lane?) {
      self.queue = queue
      self.priority = priority
      self.lane = lane
    }
  }

  private var fronts: [TurnLane: Front] = [:]
  private var lanes: [TurnLane: Lane] = [:]
  private var places: [String: Place] = [:]
  /// Lanes whose last turn is to be written down before the commit.
  private(set) var due: [Lane] = []
  /// The present look at the database. Another one is due after a rollback and after another process's commit.
  private(set) var look = 0
  private var version: Int64 = -1

  /// Lets every lane be looked up again. Turns that were handed out meanwhile stay handed out.
  mutating func lookAgain() { look += 1 }

  mutating func lookAgain(at version: Int64) {
    guard version != self.version else { return }
    self.version = version
    look += 1
  }

  /// After a change of gates jobs may stand for other lanes.
  mutating func forgetPlaces() { places.removeAll() }

  mutating func forgetIfFull() {
    guard lanes.count > Self.capacity || places.count > Self.capacity else { return }
    lanes.removeAll()
    places.removeAll()
  }

  func place(_ text: String, in queue: String, _ priority: Priority) -> Place? {
    guard let place = places[text], place.queue == queue, place.priority == priority else { return nil }
    return place
  }

  mutating func remember(_ text: String, _ place: Place) { places[text] = place }

  mutating func lane(_ lane: TurnLane) -> Lane {
    if let known = lanes[lane] { return known }
    let current = TurnLane.current(lane.queue, lane.priority)
    let front = fronts[current] ?? Front(queue: lane.queue, priority: lane.priority)
    fronts[current] = front
    let new = Lane(lane.lane, front)
    lanes[lane] = new
    return new
  }

  mutating func noteIfAhead(_ lane: Lane) {
    guard lane.isAhead, !lane.isDue else { return }
    lane.isDue = true
    due.append(lane)
  }

  mutating func noteWritten() {
    for lane in due {
      lane.written = max(lane.written, lane.last)
      lane.isDue = false
    }
    due.removeAll(keepingCapacity: true)
  }
}
