import Foundation

extension Engine {
  /// Makes this process able to run jobs of a type.
  ///
  /// The kind becomes known to every process on the same store, which can enqueue it from then on. Registering again
  /// replaces the handler. Jobs that waited because no worker had the kind become runnable.
  public func register<Kind: Job>(_ type: Kind.Type) async throws {
    try await register(Kind.kind, payload: Kind.self, options: Kind.options) { job, context in
      try await job.run(context)
    }
  }

  /// Makes this process able to run a kind by a closure, which can capture what it needs: a database pool, a client.
  ///
  /// - Parameters:
  ///   - kind: The name under which jobs are stored.
  ///   - payload: What the payload is decoded to.
  ///   - options: What holds for every job of the kind.
  ///   - handler: Does the work of one attempt; see ``Job/run(_:)``. What it returns is the job's result.
  public func register<Payload: Decodable & Sendable, Output: Sendable>(
    _ kind: JobKind, payload: Payload.Type = Payload.self, options: KindOptions = KindOptions(),
    handler: @escaping @Sendable (Payload, JobContext) async throws -> Output
  ) async throws {
    // Asked once here: the cast is dear, and most handlers return nothing.
    let hasResult = Output.self is any Encodable.Type
    let decoder = JSONDecoder()
    let registration = KindRegistration(kind: kind, options: options, source: "Swift") { context, bytes in
      let output = try await handler(try Self.decode(Payload.self, from: bytes, kind, decoder), context)
      guard hasResult, let result = output as? any Encodable else { return nil }
      return try Self.encode(result)
    }
    try await register(registration)
  }

  private static func encode(_ result: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return [UInt8](try encoder.encode(result))
  }

  private static func decode<Payload: Decodable>(
    _ type: Payload.Type, from bytes: [UInt8], _ kind: JobKind, _ decoder: JSONDecoder
  ) throws -> Payload {
    do {
      return try bytes.withUnsafeBytes { bytes in
        // Without a copy: what is decoded does not refer to it.
        guard let start = bytes.baseAddress else { return try decoder.decode(type, from: Data()) }
        let data = Data(
          bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: bytes.count, deallocator: .none)
        return try decoder.decode(type, from: data)
      }
    } catch {
      // It will not decode the next time either.
      throw PermanentFailureRecord(
        Failure(type: "DecodingError", message: "The payload does not fit \(type), as which \(kind) reads it: \(error)")
      )
    }
  }

  /// Makes this process able to run a kind.
  package func register(_ registration: KindRegistration) async throws {
    registry.add(registration)
    worker.learned(registration.kind)
    let now = clock.now
    let worker = workerID
    try await store.write { transaction in
      try Self.record(registration, by: worker, now, transaction)
    }
    try await refresh()
  }

  /// Ends the hold of jobs that another worker claimed without having their kind, if this one has it.
  func releaseHeld() async throws(StoreError) {
    let kinds = registry.all.map(\.kind.rawValue).sorted()
    let held = try await store.read { transaction in
      var held: [JobID] = []
      for kind in kinds {
        // `hold <> 0` is the condition of the index, without which this would read all jobs.
        let rows = try transaction.query(
          "SELECT id FROM nightshift_jobs WHERE hold <> 0 AND hold = 1 AND kind = ? LIMIT 1000", [.text(kind)])
        held += rows.compactMap { $0.job(0) }
      }
      return held
    }
    guard !held.isEmpty else { return }
    _ = try await store.change(.release(.noWorker), of: held, now: clock.now)
    // There may be more than fit into one look.
    try await releaseHeld()
  }

  /// Ends this process's ability to run a kind. The kind stays known, and its jobs wait for another worker.
  package func unregister(_ kind: JobKind) async throws {
    registry.remove(kind)
    let worker = workerID
    _ = try await store.write { transaction in
      try transaction.execute(
        "DELETE FROM nightshift_kind_workers WHERE kind = ? AND worker = ?",
        [.text(kind.rawValue), .integer(worker.rawValue)])
    }
  }

  /// Records again what this process can run, under a new identity.
  func recordRegistrations(as worker: WorkerID) async throws {
    let registrations = registry.all
    let now = clock.now
    try await store.write { transaction in
      for registration in registrations { try Self.record(registration, by: worker, now, transaction) }
    }
  }

  private static func record(
    _ registration: KindRegistration, by worker: WorkerID, _ now: Timestamp, _ transaction: any WriteTransaction
  ) throws(StoreError) {
    let options = registration.options
    try transaction.execute(
      """
      INSERT INTO nightshift_kinds(
        kind, queue, priority, max_attempts, timeout, backoff, description, source, schema, keep_completed, keep_dead,
        registered_at)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT(kind) DO UPDATE SET
        queue = excluded.queue, priority = excluded.priority, max_attempts = excluded.max_attempts,
        timeout = excluded.timeout, backoff = excluded.backoff, description = excluded.description,
        source = excluded.source, schema = excluded.schema, keep_completed = excluded.keep_completed,
        keep_dead = excluded.keep_dead, registered_at = excluded.registered_at
      """,
      [
        .text(registration.kind.rawValue), .text(options.queue.rawValue), .integer(options.priority.code),
        SQLValue(options.maxAttempts), SQLValue(options.timeout?.microseconds), .text(options.backoff.text),
        .text(options.description), .text(registration.source), SQLValue(registration.schema?.json.description),
        SQLValue(options.retention.completed.map(Int64.init)), SQLValue(options.retention.dead.map(Int64.init)),
        SQLValue(now),
      ])
    try transaction.execute(
      """
      INSERT INTO nightshift_kind_workers(kind, worker) VALUES(?, ?) ON CONFLICT(kind, worker) DO NOTHING
      """, [.text(registration.kind.rawValue), .integer(worker.rawValue)])
    // The queue exists from the moment that somebody serves it, so that it can be seen and paused.
    try transaction.execute(
      "INSERT INTO nightshift_queues(name, created_at) VALUES(?, ?) ON CONFLICT(name) DO NOTHING",
      [.text(options.queue.rawValue), SQLValue(now)])
  }
}

extension Backoff {
  /// For people: `2s ×2 up to 1h +20%`.
  package var text: String {
    let jitter = jitter > 0 ? " +\(Int((self.jitter * 100).rounded()))%" : ""
    return switch shape {
    case .exponential(let first, let factor, let limit):
      // Not as the machine's language writes numbers: this is stored and compared.
      "\(first.text) ×\(factor == factor.rounded() ? "\(Int(factor))" : "\(factor)") up to \(limit.text)\(jitter)"
    case .fixed(let waits): waits.map(\.text).joined(separator: ", ") + jitter
    }
  }
}
