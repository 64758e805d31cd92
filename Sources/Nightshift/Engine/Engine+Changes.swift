import Synchronization

extension Engine {
  /// Cancels jobs: what has not begun ends at once, what runs is asked to stop, in whichever process that is.
  package func cancel(_ ids: [JobID], reason: String, by actor: Actor) async throws -> [ChangeOutcome] {
    try await change(.cancel(reason: reason), of: ids, verb: "cancel", detail: ["reason": .string(reason)], by: actor)
  }

  /// Runs dead or cancelled jobs again, and scheduled ones now; perhaps with another payload.
  package func retry(_ ids: [JobID], payload: [UInt8]? = nil, by actor: Actor) async throws -> [ChangeOutcome] {
    if let payload { try await check(payload, for: ids) }
    let detail: JSONValue? = payload == nil ? nil : ["payload": "edited"]
    return try await change(.retry(payload: payload), of: ids, verb: "retry", detail: detail, by: actor)
  }

  /// Deletes ended jobs.
  package func discard(_ ids: [JobID], by actor: Actor) async throws -> [ChangeOutcome] {
    try await change(.discard, of: ids, verb: "discard", detail: nil, by: actor)
  }

  func change(
    _ change: JobChange, of ids: [JobID], verb: String, detail: JSONValue?, by actor: Actor
  ) async throws -> [ChangeOutcome] {
    let now = clock.now
    return try await store.write { transaction in
      var detail = detail
      if case .retry(let payload?) = change, ids.count == 1, var fields = detail?.objectValue {
        let names = try transaction.changedFields(of: ids[0], by: payload)
        if !names.isEmpty { fields["fields"] = .array(names.map(JSONValue.string)) }
        detail = .object(fields)
      }
      let outcomes = try transaction.change(change, of: ids, now: now)
      let changed = zip(ids, outcomes).filter { if case .changed = $1 { true } else { false } }
      if case .retry(payload: .some) = change {
        try transaction.session.noteRequester(actor, of: changed.map(\.0))
      }
      if let first = changed.first {
        let subject = changed.count == 1 ? "\(first.0)" : "\(changed.count) jobs from \(first.0)"
        try transaction.audit(verb, subject, by: actor, at: now, detail: detail)
      }
      return outcomes
    }
  }

  /// An edited payload has to fit the kind as a new one would.
  func check(_ payload: [UInt8], for ids: [JobID]) async throws {
    for id in ids {
      guard let job = try await job(id) else { continue }
      guard let kind = caches.withLock({ $0.kinds[job.summary.kind] }) else { continue }
      let draft = JobDraft(kind: JobKind(stored: job.summary.kind), payload: payload)
      let faults = DraftCheck(index: 0, isTyped: false, payloadLimit: configuration.payloadLimit)
        .faults(in: draft, kind.schema)
      guard faults.isEmpty else { throw SubmissionError(faults: faults) }
    }
  }
}

// MARK: Many at once

/// What can be done to all jobs that a filter means.
package enum BulkVerb: String, Sendable, CaseIterable {
  case cancel, retry, discard

  /// The states in which it does anything.
  var states: Set<JobState> {
    switch self {
    case .cancel: [.ready, .running, .scheduled, .waiting, .blocked]
    case .retry: [.dead, .cancelled]
    case .discard: [.completed, .dead, .cancelled]
    }
  }

  func change(_ reason: String?) -> JobChange {
    switch self {
    case .cancel: .cancel(reason: reason ?? "cancelled")
    case .retry: .retry(payload: nil)
    case .discard: .discard
    }
  }
}

extension Engine {
  /// Does something to all jobs that a filter means, in batches, with one line in the audit log.
  ///
  /// - Parameter dryRun: Counts only.
  package func changeAll(
    _ verb: BulkVerb, matching filter: JobFilter, reason: String? = nil, dryRun: Bool, by actor: Actor
  ) async throws -> BulkOutcome {
    var filter = filter
    filter.states = filter.states.isEmpty ? verb.states : filter.states.intersection(verb.states)
    guard !filter.states.isEmpty else { return BulkOutcome(count: 0, sample: []) }
    var outcome = BulkOutcome(count: 0, sample: [])
    var before: JobID?
    repeat {
      let page = try await jobs(filter, before: before, limit: 500)
      before = page.next
      let ids = page.jobs.map(\.id)
      let changed = dryRun ? ids : try await changed(verb.change(reason), of: ids)
      outcome.count += changed.count
      outcome.sample += changed.prefix(10 - outcome.sample.count)
    } while before != nil
    if !dryRun, outcome.count > 0 { try await auditBulk(verb, filter, outcome, actor) }
    return outcome
  }

  private func changed(_ change: JobChange, of ids: [JobID]) async throws(StoreError) -> [JobID] {
    guard !ids.isEmpty else { return [] }
    let outcomes = try await store.change(change, of: ids, now: clock.now)
    return zip(ids, outcomes).compactMap { id, outcome in
      if case .changed = outcome { id } else { nil }
    }
  }

  private func auditBulk(_ verb: BulkVerb, _ filter: JobFilter, _ outcome: BulkOutcome, _ actor: Actor) async throws {
    let now = clock.now
    try await store.write { transaction in
      try transaction.audit(
        verb.rawValue, outcome.count == 1 ? "1 job by filter" : "\(outcome.count) jobs by filter", by: actor, at: now,
        detail: filter.json)
    }
  }
}

extension JobFilter {
  /// For the audit log, and for operations.
  package var json: JSONValue {
    var fields: [String: JSONValue] = [:]
    func set(_ name: String, _ values: [String]) {
      if !values.isEmpty { fields[name] = .array(values.sorted().map(JSONValue.string)) }
    }
    set("states", states.map(\.rawValue))
    set("kinds", Array(kinds))
    set("queues", Array(queues))
    set("tags", Array(tags))
    if let search { fields["search"] = .string(search) }
    if search != nil, !searchesContents { fields["searchesContents"] = false }
    if let organization { fields["org"] = .string(organization) }
    if let owner { fields["owner"] = .string(owner) }
    return .object(fields)
  }
}
