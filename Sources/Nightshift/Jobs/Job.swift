/// A type of job: its stored properties are the payload, ``run(_:)`` is the handler.
///
/// ```swift
/// struct SendReceipt: Job {
///   static let kind: JobKind = "send-receipt"
///   var orderID: Int
///
///   func run(_ context: JobContext) async throws {
///     try await mail(receipt(for: orderID))
///   }
/// }
/// ```
///
/// A job may run twice: after a crash it is run again, since nobody can know how far it had come. Write `run` so that
/// doing its work again is harmless. Payloads are stored as JSON and outlive a deployment, so new properties must be
/// optional, or have a default in `init(from:)`.
public protocol Job: Codable, Sendable {
  /// What ``run(_:)`` returns. If it is `Encodable`, it is stored as the job's result.
  associatedtype Output: Sendable = Void

  /// The name under which jobs of this type are stored. Changing it orphans those that wait.
  static var kind: JobKind { get }

  /// What holds for every job of this type, unless its enqueuer says otherwise.
  static var options: KindOptions { get }

  /// Does the work of one attempt.
  ///
  /// Throw to fail: the job is tried again after its backoff, until ``KindOptions/maxAttempts`` have failed. Throw
  /// ``PermanentFailure`` when no further attempt can succeed, ``RetryableFailure`` to choose the wait, ``Snooze`` to
  /// come back later without a failure. The surrounding task is cancelled when the job is cancelled, when its timeout
  /// is over, when the process stops, and when the lease is lost.
  func run(_ context: JobContext) async throws -> Output
}

extension Job {
  /// Four attempts in the default queue, without a timeout.
  public static var options: KindOptions { KindOptions() }
}
