import Logging
import Synchronization

/// What every process keeps in memory of the store's small tables, and reads again when another process has written.
struct EngineCaches: Sendable {
  struct Kind: Sendable {
    var queue: QueueName
    var priority: Priority
    var maxAttempts: Int
    var timeout: Duration?
    var schema: PayloadSchema?
    var keep: RetentionCounts
  }

  /// Every kind that any worker has ever registered.
  var kinds: [String: Kind] = [:]
  var queues: Set<String> = []
  var pausedQueues: Set<String> = []
  var isEverythingPaused = false
  var callers = KnownCallers()
  var callerChanges = 0
  var gates = GateSet.none

  /// The queues that a worker serves now, in a stable order.
  func lanes(_ configured: [QueueName]?) -> [String] {
    guard !isEverythingPaused else { return [] }
    let names = configured.map { $0.map(\.rawValue) } ?? queues.sorted()
    return names.filter { !pausedQueues.contains($0) }
  }
}

extension Engine {
  /// Reads the small tables again, and passes on what they say to the worker.
  func refresh() async throws(StoreError) {
    let ticket = refreshes.withLock { refreshes in
      refreshes.begun += 1
      return refreshes.begun
    }
    let (former, formerGates) = caches.withLock { ($0.kinds, $0.gates) }
    let me = workerID
    let (caches, mode) = try await store.read { transaction in
      (try EngineCaches.read(transaction, former), try Self.mode(of: me, transaction))
    }
    // Two may overlap. The one that began later has read what is newer, and must not be undone by the other: neither
    // here nor between the lines, so that all is passed on under the lock.
    refreshes.withLock { refreshes in
      guard ticket > refreshes.applied else { return }
      refreshes.applied = ticket
      self.caches.withLock { current in
        // Jobs may have come into new queues while we were reading.
        let queues = current.queues.union(caches.queues)
        let changes = current.callerChanges
        var callers = current.callers
        callers.forget()
        current = caches
        (current.queues, current.callers, current.callerChanges) = (queues, callers, changes)
      }
      store.apply(caches.gates)
      worker.serve(queues: self.caches.withLock { $0.lanes(configuration.queues) })
      if let mode { worker.set(mode: mode) }
    }
    for gate in caches.gates.unreadable where !formerGates.unreadable.contains(gate) {
      logger.error(
        "a \(gate.sort) cannot be read and keeps nothing back; set it anew or remove it",
        metadata: ["name": "\(gate.name)", "error": "\(gate.problem)"])
    }
    try await releaseHeld()
    if caches.gates != formerGates { try await wakeHeld() }
  }

  /// Has held jobs looked at again, now that this process knows other gates: it may have held some by the former ones,
  /// and let some begin that do not say in which pools of the new ones they are.
  private func wakeHeld() async throws(StoreError) {
    let now = clock.now
    do {
      try await store.write { transaction in
        let session = transaction.session
        guard try session.knowsLimits else { return }
        try session.writeRunningLanes(try GateReader.gates(session))
        try session.wakeHeld(now: now)
      }
    } catch let error as StoreError {
      throw error
    } catch {
      throw StoreError(.invalid, "Held jobs could not be looked at.", cause: "\(error)")
    }
  }

  private static func mode(of worker: WorkerID, _ transaction: any ReadTransaction) throws(StoreError) -> WorkerMode? {
    try transaction.query("SELECT mode FROM nightshift_workers WHERE id = ?", [.integer(worker.rawValue)])
      .first?.text(0).flatMap(WorkerMode.init(rawValue:))
  }
}

extension EngineCaches {
  fileprivate static func read(
    _ transaction: any ReadTransaction, _ former: [String: Kind]
  ) throws(StoreError) -> EngineCaches {
    var caches = EngineCaches()
    caches.gates = try GateReader.gates(transaction)
    for row in try transaction.query("SELECT name, paused_at FROM nightshift_queues") {
      let isPaused = row.integer(1) != nil
      guard row.text(0) != Pause.everything else {
        caches.isEverythingPaused = isPaused
        continue
      }
      caches.queues.insert(row.text(0)!)
      if isPaused { caches.pausedQueues.insert(row.text(0)!) }
    }
    let kinds = try transaction.query(
      """
      SELECT kind, queue, priority, max_attempts, timeout, schema, keep_completed, keep_dead FROM nightshift_kinds
      """)
    for row in kinds {
      let kind = row.text(0)!
      caches.kinds[kind] = Kind(
        queue: QueueName(stored: row.text(1)!), priority: Priority(code: row.integer(2)!) ?? .normal,
        maxAttempts: Int(row.integer(3)!), timeout: row.integer(4).map { .microseconds($0) },
        schema: schema(row.text(5), former[kind]?.schema),
        keep: RetentionCounts(completed: row.integer(6).map(Int.init), dead: row.integer(7).map(Int.init)))
    }
    return caches
  }

  /// Compiling a schema is dear, so one that has not changed is kept.
  private static func schema(_ text: String?, _ former: PayloadSchema?) -> PayloadSchema? {
    guard let text, let json = try? JSONValue(parsing: text.utf8) else { return nil }
    if let former, former.json == json { return former }
    // It was checked when the kind was registered; a newer Nightshift may know more than we do, and checks itself.
    return PayloadSchema(readBefore: json)
  }
}
