/// Jobs were refused because somebody else's job holds a key. Nothing was enqueued, and nothing was changed.
package struct KeyBeyondReach: Error, Sendable, CustomStringConvertible {
  /// Which job, counted from 0.
  package let index: Int
  package let description: String

  fileprivate init(_ index: Int, _ key: KeyClaim?, isSeen: Bool, _ why: String) {
    self.index = index
    description =
      "\(key?.title ?? "The key") of job \(index + 1) is held by a job that "
      + (isSeen ? "is somebody else's" : "you may not see") + ", and \(why). "
      + "Nothing was enqueued: use another key, or try again when that job has ended."
  }
}

extension Engine {
  /// Which records have met the job of somebody beyond the caller's reach, so that no more may be told of it than that
  /// it is there.
  ///
  /// Asked after the insertion and in its transaction: who holds a key cannot change in between, and what was done to
  /// the holder is undone with all the rest.
  ///
  /// - Parameter asWorkflow: Whether every job is to become part of a workflow, to be seen and cancelled with it.
  /// - Throws: ``KeyBeyondReach`` where that job would be changed, waited for or become part of a workflow.
  static func holdersBeyond(
    reachOf actor: Actor, _ records: [NewJob], _ outcomes: [InsertOutcome], asWorkflow: Bool,
    _ transaction: any ReadTransaction
  ) throws -> Set<JobID> {
    guard !actor.reachOfChanges.isEverything else { return [] }
    var hidden: [JobID: Int] = [:]
    for (index, outcome) in outcomes.enumerated() {
      guard case .duplicate(let holder) = outcome, holder != records[index].id,
        try !Self.reaches(actor.reachOfChanges, holder, transaction)
      else { continue }
      let record = records[index]
      let isSeen = try Self.reaches(actor.reach, holder, transaction)
      if asWorkflow {
        throw KeyBeyondReach(index, record.key, isSeen: isSeen, "a workflow has jobs of its own only")
      }
      if record.key?.changesHolder == true {
        throw KeyBeyondReach(index, record.key, isSeen: isSeen, "what it is to do is not yours to change")
      }
      if !isSeen { hidden[record.id] = index }
    }
    guard !hidden.isEmpty else { return [] }
    for dependency in records.flatMap(\.dependencies) {
      guard let index = hidden[dependency.job] else { continue }
      throw KeyBeyondReach(
        index, records[index].key, isSeen: false, "another job would wait for it and be handed its result")
    }
    return Set(hidden.keys)
  }
}

extension KeyClaim {
  /// Whether whoever comes with it changes the job that holds it, if that has not begun.
  fileprivate var changesHolder: Bool {
    switch rule {
    case .unique: onConflict != .drop
    case .debounce: true
    case .throttle: false
    }
  }

  /// As people know it.
  fileprivate var title: String {
    guard key.hasPrefix("name:") else { return "The key" }
    return "The key \"\(key.dropFirst(5))\""
  }
}
