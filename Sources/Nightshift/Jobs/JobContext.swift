public import Foundation
public import Logging
import Synchronization

/// What a handler knows of its attempt, and how it speaks to those who watch it.
public final class JobContext: Sendable {
  /// The job.
  public let id: JobID
  /// Its kind.
  public let kind: JobKind
  /// The queue it was in.
  public let queue: QueueName
  /// The number of this attempt, counted from 1. It never repeats: use it as a fence for effects outside.
  public let attempt: Int
  /// How many attempts have failed before.
  public let failures: Int
  /// At how many failures the job is dead.
  public let maxAttempts: Int
  /// When the attempt is cancelled for taking too long; `nil` if it may take as long as it wants.
  public let deadline: Date?
  /// The job's tags.
  public let tags: [String]
  /// The organization that owns the job.
  public let organization: String?
  /// The user that owns the job.
  public let owner: String?
  /// The W3C `traceparent` of whoever enqueued the job.
  public let traceparent: String?

  package let worker: WorkerID
  package let engine: Engine
  let startedAt: Timestamp
  private let reason = Mutex<CancellationReason?>(nil)
  let flow = Mutex(AttemptFlow())
  let masks = SecretMasks()
  /// `nil` unless somebody is told of failures and something is hidden.
  let given: GivenDocuments?

  init(_ job: ClaimedJob, engine: Engine, worker: WorkerID, startedAt: Timestamp, deadline: Timestamp?) {
    id = job.id
    kind = JobKind(stored: job.kind)
    queue = QueueName(stored: job.queue)
    attempt = job.attempt
    failures = job.failures
    maxAttempts = job.maxAttempts
    self.deadline = deadline?.date
    tags = job.tags
    organization = job.organization
    owner = job.owner
    traceparent = job.traceparent
    self.worker = worker
    self.engine = engine
    self.startedAt = startedAt
    given = engine.hidesFromOutside ? GivenDocuments(job.payload, engine.configuration.redaction) : nil
  }

  /// A logger that names the job and the attempt in each line. It writes to the process's log, not to the job's:
  /// see ``log(_:level:)`` for that.
  public var logger: Logger {
    var logger = engine.logger
    logger[metadataKey: "job"] = "\(id)"
    logger[metadataKey: "kind"] = "\(kind)"
    logger[metadataKey: "attempt"] = "\(attempt)"
    return logger
  }

  /// Whether the attempt was asked to stop.
  public var isCancelled: Bool { cancellationReason != nil || Task.isCancelled }

  /// Why the attempt was asked to stop; `nil` while it was not.
  public var cancellationReason: CancellationReason? { reason.withLock { $0 } }

  /// Throws `CancellationError` if the attempt was asked to stop.
  public func checkCancellation() throws { if isCancelled { throw CancellationError() } }

  /// Says how far the attempt has come. Shown live, and kept (the last one) for whoever looks later.
  ///
  /// Cheap enough for a tight loop: what comes faster than it can be stored replaces what went before.
  ///
  /// - Parameters:
  ///   - fraction: From 0 to 1; values outside are cut off.
  ///   - message: What is being done, for people.
  public func progress(_ fraction: Double, _ message: String? = nil) {
    engine.journal.progress(self, fraction: fraction, message: message)
  }

  /// Adds a line to the job's log, which is kept with the job.
  ///
  /// Stored within a tenth of a second and at the latest with the end of the attempt. A job keeps its newest 10,000
  /// lines; a line keeps its first 8 KiB.
  public func log(_ message: String, level: Logger.Level = .info) {
    engine.journal.log(self, message: message, level: level.rawValue)
  }

  /// Tells subscribers of the job something of the handler's own making. It is kept among the job's log lines.
  public func emit(_ name: String, _ data: some Encodable & Sendable) throws {
    engine.journal.emit(self, name: name, data: try JSONValue(parsing: JSONEncoder().encode(data)))
  }

  /// Keeps a file with the job: a screenshot, a report. One with the same name is replaced.
  ///
  /// - Parameters:
  ///   - name: A plain file name, without folders, of at most 200 bytes.
  ///   - type: The media type, for example `image/png`.
  ///   - bytes: The contents, at most 32 MiB.
  /// - Throws: ``ArtifactError`` if the name or size is not allowed or the attempt has lost its lease;
  ///   ``StoreError`` if it could not be stored.
  public func attach(_ name: String, type: String, _ bytes: [UInt8]) async throws {
    try checkParked()
    try await engine.attach(name, type: type, bytes, to: self)
  }

  /// Enqueues another job, as ``Engine/enqueue(_:_:)``, with this one's organization, owner and trace.
  @discardableResult
  public func enqueue<Next: Job>(_ job: Next, _ options: JobOptions = JobOptions()) async throws -> JobID {
    try checkParked()
    return try await engine.enqueue(job, inheriting(options))
  }

  package func setCancelled(_ reason: CancellationReason) {
    self.reason.withLock { $0 = $0 ?? reason }
  }
}

/// Why an attempt was asked to stop.
public enum CancellationReason: String, Sendable {
  /// Somebody cancelled the job.
  case cancelled
  /// It took longer than its timeout.
  case timeout
  /// The process is stopping; the job will be run again.
  case shutdown
  /// The lease could not be renewed: another worker may be running the job already.
  case leaseLost
}

/// Why an artifact was refused.
public struct ArtifactError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, and what would be right.
  public let description: String

  package init(_ description: String) { self.description = description }
}
