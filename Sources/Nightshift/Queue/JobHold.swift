/// Why a job is not run although its time has come, as people see it: what its row says, or what holds for its queue or
/// for everything.
package struct JobHold: Sendable, Hashable {
  package enum Reason: String, Sendable, Hashable, CaseIterable {
    /// No live worker has its kind.
    case noWorker
    /// Kept for the process that enqueued it.
    case foreground
    /// A job that it depends on has died: a person decides.
    case dependencyDied
    /// A limit has no room.
    case limit
    /// Its kind is paused.
    case kindPaused
    /// A circuit breaker is open.
    case breakerOpen
    /// Its queue is paused.
    case queuePaused
    /// Everything is paused.
    case everythingPaused
  }

  package var reason: Reason
  package var since: Timestamp?
  /// When it ends by itself.
  package var until: Timestamp?
  /// Who has brought it about.
  package var by: String?
  /// In the words of whoever did.
  package var detail: String?

  /// Changes with everything above, for an entity tag.
  package var stamp: String { String(Engine.fingerprint(Array("\(self)".utf8)).prefix(12)) }
}

extension JobHold {
  /// What a job's own row says.
  package init(_ hold: Hold) {
    let reason: Reason =
      switch hold.reason {
      case .noWorker: .noWorker
      case .foreground: .foreground
      case .dependencyDied: .dependencyDied
      case .limit: .limit
      case .kindPaused: .kindPaused
      case .breakerOpen: .breakerOpen
      }
    self.init(reason: reason, until: hold.until)
  }

  fileprivate init(_ reason: Reason, _ pause: Pause) {
    self.init(reason: reason, since: pause.since, until: pause.until, by: pause.by, detail: pause.reason)
  }
}

extension JobSummary {
  /// Why it is not run; `nil` if nothing but its turn is missing. Its own hold goes first: it outlasts any pause.
  package var whyHeld: JobHold? { hold.map { JobHold($0) } ?? pause }

  /// Notes on those that are ready what is paused.
  static func notePauses(
    on jobs: inout [JobSummary], _ transaction: any ReadTransaction
  ) throws(StoreError) {
    guard jobs.contains(where: { $0.state == .ready }) else { return }
    let everything = try Pause.read(of: Pause.everything, transaction)
    var queues: [String: Pause?] = [:]
    for index in jobs.indices where jobs[index].state == .ready {
      let name = jobs[index].queue
      if queues[name] == nil { queues[name] = .some(try Pause.read(of: name, transaction)) }
      jobs[index].pause = longest(everything, queues[name] ?? nil)
    }
  }

  private static func longest(_ everything: Pause?, _ queue: Pause?) -> JobHold? {
    guard let everything else { return queue.map { JobHold(.queuePaused, $0) } }
    if let queue, queue.outlasts(everything) { return JobHold(.queuePaused, queue) }
    return JobHold(.everythingPaused, everything)
  }
}
