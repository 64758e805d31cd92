import Synchronization

/// Adds up, in memory, where the time of each kind goes, until it is written down.
///
/// One lock for each batch of ended attempts, and no work that grows with the number of jobs. What a process has not
/// written down when it dies is lost: ten seconds of statistics, and never a job.
final class ProfileRecorder: Sendable {
  /// How many names of one kind's steps, or calls, are told apart. A handler may make names of its data.
  static let mostNames = 100
  /// How many rows may wait to be written. A store that is away must not fill the memory.
  static let mostRows = 5_000
  /// How many pairs of kind and queue are found without hashing.
  static let mostLanes = 16
  static let hour: Int64 = 3_600_000_000

  /// The rows of a kind in a queue, within one hour.
  fileprivate struct Lane {
    var hour: Int64
    var kind: String
    var queue: String
    var attempt: Int
    var wait: Int
  }

  // A struct and not a tuple, which would be copied at each addition.
  fileprivate struct Row {
    var key: ProfileTally.Key
    var tally = ProfileTally()
  }

  fileprivate struct State {
    var rows: [Row] = []
    var places: [ProfileTally.Key: Int] = [:]
    /// How many names there are of each kind and part.
    var names: [String: Int] = [:]
    /// Where attempts were added lately, the last one first: a short list beats a dictionary.
    var lanes: [Lane] = []
    var dropped: Int64 = 0
  }

  private let state = Mutex(State())

  /// How many measurements found no room.
  var dropped: Int64 { state.withLock { $0.dropped } }

  /// Adds attempts whose ends were recorded; what came too late counts for nothing.
  func record(_ settlements: [Settlement], _ outcomes: [SettleOutcome]) {
    state.withLock { state in
      for index in settlements.indices where outcomes[index] != .stale {
        state.add(settlements[index])
      }
    }
  }

  /// Adds a step or a call.
  func record(_ part: ProfilePart, _ name: String, of kind: JobKind, at now: Timestamp, took time: Int64, failed: Bool)
  {
    let hour = now.microseconds / Self.hour * Self.hour
    state.withLock { state in
      let key = ProfileTally.Key(hour: hour, kind: kind.rawValue, part: part, name: name)
      guard let place = state.place(of: key) else {
        state.dropped += 1
        return
      }
      state.rows[place].tally.add(time, failed: failed)
    }
  }

  /// Hands over what there is, and begins anew.
  func take() -> [ProfileTally.Key: ProfileTally] {
    let rows = state.withLock { state in
      defer {
        let dropped = state.dropped
        state = State()
        state.dropped = dropped
      }
      return state.rows
    }
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.tally) })
  }

  /// Takes back what could not be written.
  func putBack(_ rows: [ProfileTally.Key: ProfileTally]) {
    state.withLock { state in
      for (key, tally) in rows {
        guard let place = state.place(of: key) else {
          state.dropped += tally.histogram.count
          continue
        }
        state.rows[place].tally.add(tally)
      }
    }
  }
}

extension ProfileRecorder.State {
  fileprivate mutating func add(_ settlement: borrowing Settlement) {
    // What was claimed and never begun took no time.
    guard let startedAt = settlement.startedAt else { return }
    guard let place = places(of: settlement) else {
      dropped += 1
      return
    }
    let duration = max(0, settlement.endedAt.microseconds - startedAt.microseconds)
    rows[place.attempt].tally.add(duration, failed: settlement.hasFailed)
    if rows[place.attempt].tally.isAmongSlowest(duration) {
      rows[place.attempt].tally.remember(
        SlowAttempt(
          job: settlement.id, attempt: settlement.attempt, duration: duration, endedAt: settlement.endedAt))
    }
    rows[place.wait].tally.add(startedAt.microseconds - settlement.runAt.microseconds, failed: false)
  }

  fileprivate mutating func places(of settlement: borrowing Settlement) -> (attempt: Int, wait: Int)? {
    let hour = settlement.endedAt.microseconds / ProfileRecorder.hour * ProfileRecorder.hour
    var index = 0
    while index < lanes.count {
      if lanes[index].hour == hour, lanes[index].kind == settlement.kind, lanes[index].queue == settlement.queue {
        if index > 0 { lanes.swapAt(0, index) }
        return (lanes[0].attempt, lanes[0].wait)
      }
      index += 1
    }
    var key = ProfileTally.Key(hour: hour, kind: settlement.kind, part: .attempt, name: settlement.queue)
    guard let attempt = place(of: key) else { return nil }
    key.part = .wait
    guard let wait = place(of: key) else { return nil }
    if lanes.count == ProfileRecorder.mostLanes { lanes.removeLast() }
    lanes.append(
      .init(hour: hour, kind: settlement.kind, queue: settlement.queue, attempt: attempt, wait: wait))
    return (attempt, wait)
  }

  /// The row of a key, made where there is none; `nil` if there is no room for it.
  fileprivate mutating func place(of key: ProfileTally.Key) -> Int? {
    if let place = places[key] { return place }
    guard rows.count < ProfileRecorder.mostRows else { return nil }
    let group = "\(key.kind)\n\(key.part.rawValue)"
    guard names[group, default: 0] < ProfileRecorder.mostNames || key.name == ProfileTally.otherName else {
      var other = key
      other.name = ProfileTally.otherName
      return place(of: other)
    }
    names[group, default: 0] += 1
    rows.append(.init(key: key))
    places[key] = rows.count - 1
    return rows.count - 1
  }
}

extension Settlement {
  /// Whether the attempt counts as a failure.
  package var hasFailed: Bool {
    switch outcome {
    case .dead, .runAgain(_, .retry): true
    default: false
    }
  }
}
