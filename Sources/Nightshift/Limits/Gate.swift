/// What keeps jobs from being claimed, as the stores know it: a limit, a pause of a kind, a circuit breaker.
///
/// A gate has one *pool* for each value of its key, or a single one. Each job is in one pool of each gate that covers
/// it, and is claimed when all of these have room.
///
/// An object, since every enqueue, claim and settlement asks gates, and would copy all that is in a value.
package final class Gate: Sendable {
  /// Never used again for another one, so that what is written on jobs about a gate that has changed is not mistaken.
  package let id: Int64
  package let name: String
  package let reason: Hold.Reason
  package let queues: Set<String>
  package let kinds: Set<String>
  package let key: LimitKey?
  /// How many jobs of one pool may run at a time.
  package let concurrency: Int?
  package let rate: Rate?
  /// Until when nothing passes; `nil` if something may.
  package let closure: Closure?
  /// Covers jobs by their calls instead of their kind and queue: claims do not ask it.
  package let isByCall: Bool

  package init(
    id: Int64, name: String, reason: Hold.Reason, queues: Set<String> = [], kinds: Set<String> = [],
    key: LimitKey? = nil, concurrency: Int? = nil, rate: Rate? = nil, closure: Closure? = nil, isByCall: Bool = false
  ) {
    self.id = id
    self.name = name
    self.reason = reason
    self.queues = queues
    self.kinds = kinds
    self.key = key
    self.concurrency = concurrency
    self.rate = rate
    self.closure = closure
    self.isByCall = isByCall
  }

  /// For how long a gate is shut.
  package enum Closure: Sendable, Hashable {
    case forGood
    case until(Timestamp)
  }

  /// How many jobs of one pool may run at a moment; `nil` sets no limit.
  func capacity(at now: Timestamp) -> Int? {
    switch closure {
    case nil: concurrency
    case .forGood: 0
    case .until(let end): end > now ? 0 : concurrency
    }
  }

  /// Whether it ever has to ask how much room there is.
  var isLimiting: Bool { concurrency != nil || rate != nil || closure != nil }

  package func covers(queue: String) -> Bool { queues.isEmpty || queues.contains(queue) }

  package func covers(queue: String, kind: String) -> Bool {
    covers(queue: queue) && (kinds.isEmpty || kinds.contains(kind))
  }

  /// Whether all jobs of its queues share one pool: then a claim need not look at each.
  var isWhole: Bool { kinds.isEmpty && key == nil }
}

extension Gate: Equatable {
  package static func == (left: Gate, right: Gate) -> Bool {
    (left.id, left.name, left.reason, left.queues, left.kinds)
      == (right.id, right.name, right.reason, right.queues, right.kinds)
      && (left.key, left.concurrency, left.rate, left.closure, left.isByCall) == (
        right.key, right.concurrency, right.rate, right.closure, right.isByCall
      )
  }
}

/// What a job has that a gate may ask for.
package struct GateFacts: Sendable {
  package var limitKey: String?
  package var organization: String?
  package var owner: String?
  package var payload: ArraySlice<UInt8>

  package init(limitKey: String?, organization: String?, owner: String?, payload: ArraySlice<UInt8>) {
    self.limitKey = limitKey
    self.organization = organization
    self.owner = owner
    self.payload = payload
  }
}

// MARK: Pools

/// One pool of a gate, as it stands on jobs.
package struct Pool: Sendable, Hashable {
  package let gate: Int64
  /// `12` for a gate without a key, `12:acme` for one with.
  package let text: String

  init(gate: Int64, text: String) {
    self.gate = gate
    self.text = text
  }

  package init?(_ text: String) {
    var gate: Int64 = 0
    var digits = 0
    for byte in text.utf8 {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), digits < 18 else {
        guard byte == UInt8(ascii: ":"), digits > 0 else { return nil }
        break
      }
      gate = gate * 10 + Int64(byte - UInt8(ascii: "0"))
      digits += 1
    }
    guard digits > 0 else { return nil }
    self.init(gate: gate, text: text)
  }

  /// The value of the key; `nil` for a gate without one.
  package var key: String? { text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) } }

  /// Longer values stand for themselves by their hash, and so do those with a line break, which separates pools.
  static let longestKey = 200

  static func key(_ value: String?) -> String {
    guard let value else { return "" }
    guard value.utf8.count > longestKey || value.utf8.contains(UInt8(ascii: "\n")) || value.utf8.contains(0) else {
      return value
    }
    return "#" + Engine.fingerprint(Array(value.utf8))
  }
}

extension Gate {
  /// The pool of a job.
  func pool(_ facts: GateFacts, _ parsed: inout JSONValue?) -> Pool {
    guard let key else { return Pool(gate: id, text: "\(id)") }
    let value: String? =
      switch key {
      case .key: facts.limitKey
      case .organization: facts.organization
      case .owner: facts.owner
      case .payload(let pointer): Self.value(at: pointer, in: facts, &parsed)
      }
    return Pool(gate: id, text: "\(id):\(Pool.key(value))")
  }

  private static func value(at pointer: String, in facts: GateFacts, _ parsed: inout JSONValue?) -> String? {
    // Checked as JSON when it was enqueued. Of one that was changed by hand since, the attempt tells; it has no key.
    if parsed == nil { parsed = (try? JSONValue(parsing: facts.payload)) ?? .null }
    guard let pointer = JSONPointer(fragment: "#\(pointer)"), let value = pointer.value(in: parsed ?? .null) else {
      return nil
    }
    if case .null = value { return nil }
    return value.stringValue ?? value.description
  }
}

// MARK: All of them

/// All gates, in the order in which they were made.
package final class GateSet: Sendable {
  package static let none = GateSet([])

  package let gates: [Gate]
  /// All breakers, also those that are closed and keep nothing back.
  package let breakers: [BreakerState]
  /// Those that keep nothing back because nobody can tell what they say.
  let unreadable: [UnreadableGate]
  private let byID: [Int64: Gate]
  /// The gates that claims ask.
  private let asked: [Gate]
  /// The queues in which jobs that end may leave room; `nil` stands for all.
  private let limitedQueues: Set<String>?

  package init(_ gates: [Gate], breakers: [BreakerState] = [], unreadable: [UnreadableGate] = []) {
    self.breakers = breakers
    self.unreadable = unreadable
    isEmpty = gates.isEmpty
    let gates = gates.sorted { $0.id < $1.id }
    self.gates = gates
    byID = Dictionary(uniqueKeysWithValues: gates.map { ($0.id, $0) })
    let asked = gates.filter { !$0.isByCall }
    self.asked = asked
    let limiting = asked.filter { $0.concurrency != nil }
    limitedQueues =
      limiting.contains { $0.queues.isEmpty } ? nil : limiting.reduce(into: []) { $0.formUnion($1.queues) }
  }

  package let isEmpty: Bool
  package subscript(id: Int64) -> Gate? { byID[id] }

  /// Whether there is one gate only, so that a job's lane is its pool.
  package var isSole: Bool { asked.count == 1 }

  /// Whether a job of this queue may leave room for another when it ends.
  package func limits(queue: String) -> Bool { limitedQueues?.contains(queue) ?? true }

  /// Those that may concern a job in this queue.
  package func covering(queue: String) -> [Gate] {
    isEmpty ? [] : asked.filter { $0.covers(queue: queue) }
  }

  /// What decides whose turn it is in a queue: its oldest gate with a key.
  package func fairness(in queue: String) -> Gate? {
    isEmpty ? nil : asked.first { $0.key != nil && $0.covers(queue: queue) }
  }

  /// What is written on a job of which pools it is in; `nil` if no gate covers it.
  package func lane(queue: String, kind: String, _ facts: GateFacts) -> String? {
    guard !isEmpty else { return nil }
    var parsed: JSONValue?
    let pools = asked.filter { $0.covers(queue: queue, kind: kind) }.map { $0.pool(facts, &parsed) }
    return pools.isEmpty ? nil : Self.lane(pools)
  }

  static func lane(_ pools: [Pool]) -> String {
    pools.count == 1 ? pools[0].text : pools.map(\.text).joined(separator: "\n")
  }

  /// The pools of the gates that there are, as a job says them; those of gates that are gone are left out.
  package func pools(in lane: String) -> [Pool] {
    guard lane.utf8.contains(UInt8(ascii: "\n")) else {
      // The usual case, and the same text: nothing is copied.
      guard let pool = Pool(lane), byID[pool.gate] != nil else { return [] }
      return [pool]
    }
    return lane.split(separator: "\n", omittingEmptySubsequences: true).compactMap { text in
      Pool(String(text)).flatMap { byID[$0.gate] == nil ? nil : $0 }
    }
  }

  /// Whether a job says its pool of each gate that covers it.
  func isComplete(_ pools: [Pool], queue: String, kind: String) -> Bool {
    asked.allSatisfy { gate in
      pools.contains { $0.gate == gate.id } || !gate.covers(queue: queue, kind: kind)
    }
  }
}

extension GateSet: Equatable {
  package static func == (left: GateSet, right: GateSet) -> Bool {
    left === right
      || (left.gates, left.breakers, left.unreadable) == (right.gates, right.breakers, right.unreadable)
  }
}
