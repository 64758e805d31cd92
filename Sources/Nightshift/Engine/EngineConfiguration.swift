/// How an engine works. The defaults are right for one process on one machine.
public struct EngineConfiguration: Sendable {
  /// The worker's name, for people; its identity is random and made anew at each start.
  public var name: String = "nightshift"
  /// The queues the worker serves; `nil` for all there are.
  public var queues: [QueueName]?
  /// How many handlers run at the same time. Default: twice the cores.
  public var concurrency: Int = Concurrency.default
  /// How long a stopping worker lets its handlers go on before it cancels them.
  public var gracePeriod: Duration = .seconds(30)
  /// How long a worker's beat may stand still before its jobs are given to others.
  public var leaseDuration: Duration = .seconds(15)
  /// The largest payload, in bytes.
  public var payloadLimit: Int = 1 << 20
  /// How long completed and cancelled jobs are kept; never less than an hour.
  public var keepCompleted: Duration = .seconds(7 * 86_400)
  /// How long dead jobs are kept; never less than an hour.
  public var keepDead: Duration = .seconds(90 * 86_400)
  /// How long entries of the audit log are kept, at least a day; `nil` keeps them for ever.
  public var keepAudit: Duration?
  /// The keys under which secrets are encrypted: the first one for new values, the others for what they have encrypted.
  public var masterKeys: [MasterKey] = []
  /// Called around each enqueue and each attempt, the first one outermost.
  public var middleware: [any JobMiddleware] = []
  /// Where the notes are kept that tell, after a crash, which handlers were under way. `nil` keeps none: then no job
  /// is ever blamed for the death of its process.
  public var recorderFolder: String?
  /// Whether fatal signals of this process are witnessed. Only for a program that owns its process.
  package var witnessesSignals = false
  /// The role under which the process is listed: `worker`, `server`, `command`.
  package var role = "worker"
  /// Whether a worker claims jobs from the start, where nobody has said otherwise.
  package var startMode = WorkerMode.running
  /// Whether the engine stops when its worker was told to drain and nothing is under way any more. If not, it stands by
  /// until the worker is started again: the process has other things to do.
  package var endsWhenDrained = true
  /// Tables of features, beside the engine's own.
  package var migrations: [Migration] = []
  /// The most jobs that are claimed at once and wait in memory.
  package var bufferLimit = 2_000
  /// The base-2 logarithm of the rounds that hashing a password takes (``PasswordHash``).
  package var passwordCost = 15
  /// Watches what is done, for traces and error reports.
  package var observer: (any EngineObserver)?
  /// What people of lesser roles are not shown of payloads and results.
  package var redaction = Redaction()
  /// Instead of the store's clock: for tests.
  package var clock: (any WallClock)?

  /// The defaults.
  public init() {}

  /// Checks what the types cannot.
  package func validate() throws(ConfigurationError) {
    guard (1...10_000).contains(concurrency) else {
      throw ConfigurationError("`concurrency` is \(concurrency). Use 1 to 10000; twice the cores is a good start.")
    }
    guard leaseDuration >= .seconds(3) else {
      throw ConfigurationError(
        "`leaseDuration` is \(leaseDuration.text): one late beat would lose every job. Use 3s or more.")
    }
    guard keepCompleted >= .seconds(3600), keepDead >= .seconds(3600) else {
      throw ConfigurationError(
        "Ended jobs are kept for at least an hour, so that whoever waits for a result can fetch it. Use 1h or more.")
    }
    guard keepAudit.map({ $0 >= .seconds(86_400) }) ?? true else {
      throw ConfigurationError("Entries of the audit log are kept for at least a day. Use 1d or more.")
    }
    guard payloadLimit > 0, payloadLimit <= 64 << 20 else {
      throw ConfigurationError("`payloadLimit` is \(payloadLimit) bytes. Use 1 to 67108864.")
    }
  }
}

/// A setting that cannot work.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  /// The setting, its value, and what would be right.
  public let description: String

  package init(_ description: String) { self.description = description }
}
