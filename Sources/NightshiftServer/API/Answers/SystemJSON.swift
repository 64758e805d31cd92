import Nightshift

extension JSONValue {
  init(_ queue: QueueSummary) {
    let counts = JobState.allCases.map { ($0.rawValue, JSONValue(queue.counts[$0] ?? 0)) }
    var fields = Self.pauseFields(queue.pause)
    fields["name"] = .string(queue.name)
    fields["counts"] = .object(Dictionary(uniqueKeysWithValues: counts))
    fields["oldestReadyAt"] = queue.oldestReadyAt.map { JSONValue($0) }
    fields["workers"] = JSONValue(queue.workers)
    self = .fields(fields)
  }

  /// Whether something is paused, and what is known of the pause.
  static func pauseFields(_ pause: Pause?) -> [String: JSONValue?] {
    [
      "paused": .bool(pause != nil), "pausedAt": pause.map { JSONValue($0.since) },
      "pausedBy": pause?.by.map { .string($0) }, "pausedUntil": pause?.until.map { JSONValue($0) },
      "pauseReason": pause?.reason.map { .string($0) },
    ]
  }

  /// A worker. Jobs beyond reach are counted and not named.
  init(_ worker: WorkerSummary, within reach: Reach) {
    let running = worker.running.filter { reach.includes(organization: $0.organization, owner: $0.owner) }
    self = .fields([
      "id": .string(worker.id.description),
      "name": .string(worker.name),
      "role": .string(worker.role),
      "host": .string(worker.host),
      "pid": JSONValue(worker.pid),
      "startedAt": JSONValue(worker.startedAt),
      "mode": .string(worker.mode.rawValue),
      "queues": worker.queues.map { .array($0.map { .string($0) }) },
      "concurrency": JSONValue(worker.concurrency),
      "version": .string(worker.version),
      "running": .array(running.map { JSONValue($0) }),
      "runningCount": JSONValue(worker.running.count),
      "kinds": .array(worker.kinds.map { .string($0) }),
    ])
  }

  init(_ kind: KindSummary) {
    self = .fields([
      "kind": .string(kind.kind),
      "queue": .string(kind.queue),
      "priority": .string(kind.priority.rawValue),
      "maxAttempts": JSONValue(kind.maxAttempts),
      "timeout": kind.timeout.map { .string($0.text) },
      "backoff": .string(kind.backoff),
      "description": .string(kind.description),
      "source": .string(kind.source),
      "schema": kind.schema,
      "registeredAt": JSONValue(kind.registeredAt),
      "workers": JSONValue(kind.workers),
    ])
  }

  init(_ row: StatsRow) {
    self = .fields([
      "from": row.from.map { JSONValue($0) },
      "queue": row.queue.map { .string($0) },
      "kind": row.kind.map { .string($0) },
      "enqueued": JSONValue(row.enqueued),
      "completed": JSONValue(row.completed),
      "failed": JSONValue(row.failed),
      "dead": JSONValue(row.dead),
      "cancelled": JSONValue(row.cancelled),
      "meanWaitSeconds": .number(row.meanWait.seconds),
      "longestWaitSeconds": .number(row.longestWait.seconds),
      "meanRunSeconds": .number(row.meanRun.seconds),
      "longestRunSeconds": .number(row.longestRun.seconds),
    ])
  }

  init(_ token: TokenSummary) {
    self = .fields(Self.tokenFields(token))
  }

  /// A token with its secret, which is shown this once.
  init(_ token: TokenSummary, secret: String) {
    var fields = Self.tokenFields(token)
    fields["secret"] = .string(secret)
    self = .fields(fields)
  }

  private static func tokenFields(_ token: TokenSummary) -> [String: JSONValue?] {
    [
      "id": .string(token.id),
      "name": .string(token.name),
      "role": .string(token.role.rawValue),
      "organization": token.organization.map(JSONValue.string),
      "scopes": token.scopes.map { .array($0.map(\.description).sorted().map(JSONValue.string)) },
      "createdAt": JSONValue(token.createdAt),
      "createdBy": .string(token.createdBy),
      "expiresAt": token.expiresAt.map { JSONValue($0) },
      "lastUsedAt": token.lastUsedAt.map { JSONValue($0) },
      "revokedAt": token.revokedAt.map { JSONValue($0) },
    ]
  }

  init(_ finding: StoreFinding) {
    self = .fields([
      "name": .string(finding.name),
      "fine": .bool(finding.isFine),
      "found": .string(finding.found),
      "remedy": finding.remedy.map { .string($0) },
    ])
  }

  init(_ outcome: BulkOutcome, dryRun: Bool) {
    self = [
      "count": JSONValue(outcome.count),
      "sample": .array(outcome.sample.map { .string($0.description) }),
      "dryRun": .bool(dryRun),
    ]
  }
}
