import Synchronization

extension JobContext {
  /// What came of the job's questions, signals and steps so far, as a script finds it in its context.
  package func flowSoFar() async throws(StoreError) -> [String: JSONValue] {
    // Nothing can have been asked before.
    guard attempt > 1 else { return [:] }
    let (steps, waits) = try await stepsAndWaits()
    var filter = CheckpointFilter()
    filter.job = id
    let page = try await engine.checkpoints(filter, limit: 1_000)
    let checkpoints = page.checkpoints
    for document in steps.map(\.result) + waits.map(\.payload) { note(given: document) }
    for checkpoint in checkpoints { note(given: checkpoint.current?.serialized()) }
    var fields: [String: JSONValue] = [:]
    let (children, own) = (steps.filter { $0.type == StepRecord.child }, steps.filter { $0.type != StepRecord.child })
    if !children.isEmpty { fields["children"] = try await self.children(children) }
    fields["steps"] = .object(
      Dictionary(own.map { ($0.key, JSONValue(kept: $0.result)) }) { $1 })
    let signals = Self.signals(waits.filter { $0.kind == .signal })
    fields["signals"] = .object(signals.came)
    fields["timedOut"] = .array(signals.late.sorted().map(JSONValue.string))
    fields["checkpoints"] = .object(Self.latest(of: checkpoints).mapValues(\.forScript))
    let told = checkpoints.filter { $0.state != .pending }.map(\.id)
    flow.withLock { flow in
      (flow.script.told, flow.script.isToldOfAll) = (Set(told), page.next == nil)
      flow.script.keptBytes = own.reduce(0) { $0 + ($1.result?.count ?? 0) }
      for wait in waits where wait.state == .open { flow.script.open[StepName.wait(of: wait.key)] = wait }
    }
    return fields
  }

  /// The steps that are taken, the signals that came or did not, and what is still waited for.
  private func stepsAndWaits() async throws(StoreError) -> ([StepRecord], [Wait]) {
    try await engine.store.read { [id] transaction in
      let steps = try transaction.query(
        "SELECT \(StepRecord.columns) FROM nightshift_steps WHERE job = ? AND state = 1 ORDER BY seq", [SQLValue(id)])
      let waits = try transaction.query(
        """
        SELECT \(Wait.columns) FROM nightshift_waits
        WHERE job = ? AND (type = 2 AND state IN (0, 1, 2) OR type = 4 AND state = 0) ORDER BY id
        """, [SQLValue(id)])
      return (steps.map(StepRecord.init), waits.map(Wait.init))
    }
  }

  /// What has become last of each signal. One that came, or is waited for again, is not late any more.
  private static func signals(_ waits: [Wait]) -> (came: [String: JSONValue], late: Set<String>) {
    let ended = waits.sorted { one, other in
      let (end, otherEnd) = (one.endedAt?.microseconds ?? .max, other.endedAt?.microseconds ?? .max)
      return (end, one.id) < (otherEnd, other.id)
    }
    var came: [String: JSONValue] = [:]
    var late: Set<String> = []
    for wait in ended {
      switch wait.state {
      // A person has the job run again since.
      case .timedOut where StepName.hasGivenWay(wait.key): break
      case .timedOut: late.formUnion(wait.names)
      case .satisfied:
        came[wait.name ?? wait.key] = JSONValue(kept: wait.payload)
        late.subtract(wait.names)
      case .open, .rejected, .withdrawn: late.subtract(wait.names)
      }
    }
    return (came, late)
  }

  /// By its name each question as it was asked last: an answer to other data is none to what the script asks now.
  private static func latest(of checkpoints: [Checkpoint]) -> [String: Checkpoint] {
    let asked = checkpoints.filter { !StepName.hasGivenWay($0.key) }.map { (StepName.base(of: $0.key), $0) }
    return Dictionary(asked) { one, other in
      (one.attempt, one.id.rawValue) < (other.attempt, other.id.rawValue) ? other : one
    }
  }
}

extension Checkpoint {
  /// What it came to. One that nobody has answered in time counts as its rules say.
  var outcome: CheckpointState {
    guard state == .expired else { return state }
    switch onExpiry {
    case .continue: return .approved
    case .reject, .escalate: return .rejected
    case .fail: return .expired
    }
  }

  fileprivate var forScript: JSONValue {
    let last = decisions.last
    var fields: [String: JSONValue] = ["state": .string(outcome.rawValue), "data": current ?? .null]
    if state == .expired { fields["expired"] = true }
    fields["by"] = last.map { .string($0.actor) }
    fields["comment"] = last?.comment.map { .string($0) }
    fields["choice"] = choice.map { .string($0) }
    fields["at"] = decidedAt.map { .string($0.rfc3339) }
    return .object(fields)
  }
}
