import Crypto
import Foundation
import Synchronization

extension Engine {
  /// Adds a job. Once this returns it is on disk and will be run, whatever happens to this process.
  ///
  /// - Returns: The job's id; with ``JobOptions/unique``, ``JobOptions/debounce`` or ``JobOptions/throttle``, perhaps that
  ///   of a job that is already there and stands for it.
  /// - Throws: ``SubmissionError`` if the job is refused, ``StoreError`` if it could not be stored (after code
  ///   `unavailable` it may have been).
  @discardableResult
  public func enqueue<Kind: Job>(_ job: Kind, _ options: JobOptions) async throws -> JobID {
    try await enqueue([job], options)[0]
  }

  /// Adds a job; see ``enqueue(_:_:)-(Kind,_)``.
  @discardableResult
  public func enqueue<Kind: Job>(
    _ job: Kind, queue: QueueName? = nil, priority: Priority? = nil, runAt: RunAt = .now, unique: Unique? = nil,
    debounce: Debounce? = nil, throttle: Throttle? = nil, maxAttempts: Int? = nil, timeout: Duration? = nil,
    tags: [String] = []
  ) async throws -> JobID {
    var options = JobOptions()
    options.queue = queue
    options.priority = priority
    options.runAt = runAt
    options.unique = unique
    options.debounce = debounce
    options.throttle = throttle
    options.maxAttempts = maxAttempts
    options.timeout = timeout
    options.tags = tags
    return try await enqueue(job, options)
  }

  /// Adds many jobs in one transaction: all of them, or none.
  @discardableResult
  public func enqueue<Kind: Job>(_ jobs: [Kind], _ options: JobOptions = JobOptions()) async throws -> [JobID] {
    let drafts = try jobs.map {
      JobDraft(kind: Kind.kind, payload: try Self.encode($0, options), options: options)
    }
    let records = try await prepare(drafts, isTyped: true, idempotency: nil)
    return try await insert(records)
  }

  /// The statements that add a job over a database connection of the caller's own, inside their own transaction: the
  /// job comes into being together with what it is about, or not at all. A worker notices it by itself.
  ///
  /// A job with a key (`unique`, `debounce`, `throttle`) cannot be added this way.
  public func statements<Kind: Job>(for job: Kind, _ options: JobOptions = JobOptions()) async throws -> [Statement] {
    let draft = JobDraft(kind: Kind.kind, payload: try Self.encode(job, options), options: options)
    var record = try await prepare([draft], isTyped: true, idempotency: nil)[0]
    let now = clock.now
    if caches.withLock({ $0.gates.fairness(in: record.queue.rawValue) }) != nil {
      // Ready by way of `scheduled`, where a process of ours gives it its turn.
      record.runAt = max(record.runAt, now + .microseconds(1))
    }
    return try store.statements(for: record, now: now)
  }

  /// Sorting costs as much as encoding, and is needed only where equal payloads must have equal bytes.
  private static let encoders = (
    plain: JSONEncoder(),
    sorted: {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return encoder
    }()
  )

  static func encode(_ payload: some Encodable, _ options: JobOptions) throws -> [UInt8] {
    let encoder = options.hasPayloadKey ? encoders.sorted : encoders.plain
    // By way of its buffer: byte by byte would take as long as encoding.
    return try encoder.encode(payload).withUnsafeBytes { [UInt8]($0) }
  }

  /// Adds jobs on behalf of somebody, by name and JSON: all of them, or none.
  ///
  /// - Parameter idempotencyKey: Covers the whole call: the same key with the same drafts adds nothing and gives the
  ///   same ids; with others it is refused.
  package func submit(
    _ drafts: [JobDraft], idempotencyKey: String? = nil, actor: Actor
  ) async throws -> [Submission] {
    var drafts = drafts
    try actor.claim(&drafts)
    let organizations = try await organizations(of: drafts, by: actor)
    let idempotency = idempotencyKey.map { key in (key, actor) }
    let records = try await prepare(drafts, isTyped: false, idempotency: idempotency, within: actor.reach)
    return try await insert(records, for: organizations, by: actor)
  }
}

// MARK: From drafts to records

extension Engine {
  /// What ``submit(_:idempotencyKey:actor:)`` would refuse, without adding anything.
  package func faults(in drafts: [JobDraft]) async throws -> [SubmissionError.Fault] {
    do {
      _ = try await prepare(drafts, isTyped: false, idempotency: nil)
      return []
    } catch let error as SubmissionError {
      return error.faults
    }
  }

  /// - Parameters:
  ///   - seal: What the idempotency key covers beside the drafts.
  ///   - reach: Where the jobs lie that the drafts may wait for.
  func prepare(
    _ drafts: [JobDraft], isTyped: Bool, idempotency: (key: String, actor: Actor)?, seal: String = "",
    within reach: Reach = Reach()
  ) async throws -> [NewJob] {
    // What middleware has a job wait for is the program's own affair.
    let hidden = try await dependencies(of: drafts, beyond: reach)
    var drafts = drafts
    for middleware in configuration.middleware {
      for index in drafts.indices { drafts[index] = try await middleware.willEnqueue(drafts[index]) }
    }
    var (kinds, gates) = caches.withLock { ($0.kinds, $0.gates) }
    if drafts.contains(where: { !kinds.keys.contains($0.kind.rawValue) }) {
      // Perhaps another process has registered it a moment ago.
      try await refresh()
      (kinds, gates) = caches.withLock { ($0.kinds, $0.gates) }
    }
    let now = clock.now
    var (records, faults) = records(of: drafts, isTyped: isTyped, kinds, gates, now)
    faults += try await link(&records, drafts, hiding: hidden)
    guard faults.isEmpty else { throw SubmissionError(faults: faults) }
    if let (key, actor) = idempotency {
      let fingerprint = Self.fingerprint(drafts, seal)
      for index in records.indices {
        // One row for each job of a batch, so that the same call again finds them all.
        records[index].idempotency = KeyClaim(
          scope: "idempotency/\(actor.id)", key: index == 0 ? key : "\(key)#\(index)",
          expiresAt: now + .seconds(86_400), fingerprint: fingerprint)
      }
    }
    return records
  }

  /// The records of all drafts, or of those before the first that is at fault.
  private func records(
    of drafts: [JobDraft], isTyped: Bool, _ kinds: [String: EngineCaches.Kind], _ gates: GateSet, _ now: Timestamp
  ) -> ([NewJob], [SubmissionError.Fault]) {
    var faults: [SubmissionError.Fault] = []
    var records: [NewJob] = []
    records.reserveCapacity(drafts.count)
    let span = drafts.span
    for index in span.indices {
      guard let kind = kinds[span[index].kind.rawValue] else {
        faults.append(unknownKind(span[index].kind, index))
        continue
      }
      let check = DraftCheck(index: index, isTyped: isTyped, payloadLimit: configuration.payloadLimit)
      faults += check.faults(in: span[index], kind.schema)
      if faults.isEmpty { records.append(record(span[index], kind, gates, now)) }
    }
    return (records, faults)
  }

  private func unknownKind(_ kind: JobKind, _ index: Int) -> SubmissionError.Fault {
    let known = caches.withLock { $0.kinds.keys.sorted() }
    let hint =
      Spelling.nearest(to: kind.rawValue, among: known).map { "did you mean `\($0)`?" }
      ?? (known.isEmpty
        ? "no kind has been registered yet: start a worker first"
        : "known kinds: \(Self.listed(known))")
    return SubmissionError.Fault(
      index: index, pointer: "#/kind", message: "no worker has ever registered the kind `\(kind)`; \(hint)")
  }

  /// The first few names, and how many there are beside them.
  private static func listed(_ names: [String], upTo limit: Int = 8) -> String {
    let shown = names.prefix(limit).joined(separator: ", ")
    return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
  }

  private func record(
    _ draft: borrowing JobDraft, _ kind: EngineCaches.Kind, _ gates: GateSet, _ now: Timestamp
  ) -> NewJob {
    var job = NewJob(
      id: makeID(), kind: draft.kind, queue: draft.options.queue ?? kind.queue,
      runAt: draft.options.runAt.moment(now: now), payload: draft.payload)
    job.priority = draft.options.priority ?? kind.priority
    job.maxAttempts = draft.options.maxAttempts ?? kind.maxAttempts
    job.timeout = draft.options.timeout
    job.tags = draft.options.tags
    job.organization = draft.options.organization
    job.owner = draft.options.owner
    job.traceparent = draft.options.traceparent ?? configuration.observer?.traceparent
    job.limitKey = draft.options.limitKey
    if !gates.isEmpty {
      let facts = GateFacts(
        limitKey: job.limitKey, organization: job.organization, owner: job.owner, payload: draft.payload[...])
      job.lane = gates.lane(queue: job.queue.rawValue, kind: draft.kind.rawValue, facts)
    }
    if draft.options.hasKey { job.key = KeyClaim(copy draft, now: now) }
    if let debounce = draft.options.debounce { job.runAt = now + debounce.quiet }
    // Should the process that wants it end before it has begun, any worker may run it.
    if draft.isForeground { job.hold = Hold(.foreground, until: now + .seconds(60)) }
    return job
  }

  private static func fingerprint(_ drafts: [JobDraft], _ seal: String) -> String {
    var hash = SHA256()
    hash.update(data: Data(seal.utf8))
    for draft in drafts {
      // A client that asks again does so under a new trace: that is no difference.
      var options = draft.options
      options.traceparent = nil
      hash.update(data: Data("\(draft.kind)\n\(options)\n\(draft.ref ?? "")\n".utf8))
      hash.update(data: draft.payload)
    }
    return hexadecimal(hash.finalize())
  }

  /// SHA-256 as hexadecimal text.
  package static func fingerprint(_ bytes: [UInt8]) -> String {
    hexadecimal(SHA256.hash(data: bytes))
  }

  private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

// MARK: Into the store

extension Engine {
  /// Adds records for the program itself. The row of each says all there is to say, so the audit log has none.
  private func insert(_ records: [NewJob]) async throws(StoreError) -> [JobID] {
    zip(records, try await store.insert(records, now: clock.now)).map { record, outcome in
      switch outcome {
      case .inserted: record.id
      case .duplicate(let id), .keyReused(let id): id
      }
    }
  }

  /// Adds records for somebody else, with one line in the audit log.
  private func insert(
    _ records: [NewJob], for organizations: NamedOrganizations, by actor: Actor
  ) async throws -> [Submission] {
    guard let first = records.first else { return [] }
    let now = clock.now
    return try await store.write { transaction in
      try organizations.keep(for: records, transaction)
      let submissions = try Self.submissions(of: records, by: actor, now: now, transaction)
      let added = submissions.filter { !$0.isDuplicate }.count
      if added > 0 {
        let subject = records.count == 1 ? "\(first.id)" : "\(added) of \(records.count) jobs from \(first.id)"
        try transaction.audit("enqueue", subject, by: actor, at: now, detail: ["kind": .string(first.kind.rawValue)])
      }
      return submissions
    }
  }
}
