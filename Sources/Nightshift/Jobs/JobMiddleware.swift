/// Code around every enqueue and every attempt: tracing, tenancy, measuring.
public protocol JobMiddleware: Sendable {
  /// Called before a job is stored. Change the draft, or throw to refuse it.
  func willEnqueue(_ draft: JobDraft) async throws -> JobDraft

  /// Called around an attempt. Call `next` exactly once, or throw to fail the attempt without running it.
  func aroundRun(_ context: JobContext, next: @Sendable () async throws -> Void) async throws
}

extension JobMiddleware {
  /// Leaves the draft as it is.
  public func willEnqueue(_ draft: JobDraft) async throws -> JobDraft { draft }

  /// Runs the attempt.
  public func aroundRun(_ context: JobContext, next: @Sendable () async throws -> Void) async throws {
    try await next()
  }
}

/// A job on its way into the store.
public struct JobDraft: Sendable {
  /// The kind by name; it need not be known to this process, but to some worker that has ever run.
  public var kind: JobKind
  /// The payload as JSON.
  public var payload: [UInt8]
  /// How it is to be run.
  public var options: JobOptions
  /// The name by which other jobs of the same batch depend on it, see ``Dependency/ref(_:)``.
  public var ref: String?
  /// Kept for the process that enqueues it.
  package var isForeground = false
  /// When a workflow calls it back; `nil` for any other job.
  package var callback: Workflow.Callback?

  /// A draft with the given payload, which must be JSON.
  public init(kind: JobKind, payload: [UInt8], options: JobOptions = JobOptions()) {
    self.kind = kind
    self.payload = payload
    self.options = options
  }
}
