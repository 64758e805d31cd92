import Foundation
import Nightshift

/// A few threads with a connection each that serve one mailbox. Those that wait for the hot path, for people's changes
/// and for reading have lanes of their own, so that none holds up the others.
final class PostgresLane: Sendable {
  /// How long an operation waits for a lost connection to come back before it fails.
  static let patience: Duration = .seconds(5)

  private let mailbox: Mailbox<any LaneOperation>
  private let threads: [ServingThread]

  /// - Parameters:
  ///   - merging: Whether a thread takes all that waits, to make one operation of many, or only the first.
  ///   - writes: Where operations that may write are listed while they are under way.
  ///   - outage: What all lanes of the store know of lost connections.
  ///   - configure: Called on the lane's thread before each transaction.
  ///   - onCommit: Called on the lane's thread after each commit.
  init(
    _ name: String, _ url: PostgresURL, threads: Int, capacity: Int = 10_000, merging: Bool = false,
    writes: OngoingWrites, outage: Outage, configure: @escaping @Sendable (PostgresSession) -> Void,
    onCommit: @escaping @Sendable (PostgresSession) -> Void
  ) {
    let mailbox = Mailbox<any LaneOperation>(capacity: capacity)
    self.mailbox = mailbox
    self.threads = (0..<threads).map { index in
      ServingThread(name: "nightshift-\(name)-\(index)") {
        LaneThread(
          url: url, name: name, writes: writes, outage: outage, configure: configure, onCommit: onCommit)
      } serve: { thread in
        thread.serve(mailbox, merging: merging)
      }
    }
  }

  func submit(_ operation: any LaneOperation) {
    guard !mailbox.put(operation) else { return }
    operation.fail(
      mailbox.isOpen
        ? StoreError(.overloaded, "Too many requests wait for PostgreSQL. Nothing was written; try again in a moment.")
        : StoreError(.unavailable, "The store was closed. Nothing was written."))
  }

  /// Hands in work and returns when it is durable.
  func submit<Value: Sendable>(
    mode: String = "", resolvesCommit: Bool = true,
    _ body: @escaping (PostgresSession) throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    let result = await withUnsafeContinuation { (continuation: UnsafeContinuation<Result<Value, StoreError>, Never>) in
      submit(
        PendingWork(mode: mode, resolvesCommit: resolvesCommit, { continuation.resume(returning: $0) }, body))
    }
    return try result.get()
  }

  /// Returns when everything handed in has been answered and the connections are closed.
  func stop() async {
    mailbox.close()
    for thread in threads { await thread.waitForEnd() }
  }
}

/// One thread of a lane, with its connection.
struct LaneThread {
  let url: PostgresURL
  let name: String
  let writes: OngoingWrites
  let outage: Outage
  let configure: (PostgresSession) -> Void
  let onCommit: (PostgresSession) -> Void
  private var session: PostgresSession?
  /// Not before this moment is a connection tried again, and how long to wait after the next failure.
  private var nextTry = (at: ContinuousClock.now, wait: Duration.milliseconds(50))
  private var lastFailure: StoreError?

  init(
    url: PostgresURL, name: String, writes: OngoingWrites, outage: Outage,
    configure: @escaping (PostgresSession) -> Void, onCommit: @escaping (PostgresSession) -> Void
  ) {
    self.url = url
    self.name = name
    self.writes = writes
    self.outage = outage
    self.configure = configure
    self.onCommit = onCommit
  }

  mutating func serve(_ mailbox: Mailbox<any LaneOperation>, merging: Bool) {
    var waiting: [any LaneOperation] = []
    while true {
      guard mailbox.take(into: &waiting, waiting: 0, onlyFirst: !merging) != .closed else { return }
      for operation in merging ? PendingInsert.merged(waiting) : waiting { perform(operation) }
      waiting.removeAll(keepingCapacity: true)
    }
  }

  private enum Progress { case done, again }

  private mutating func perform(_ operation: any LaneOperation) {
    let write = operation.isReadOnly ? nil : writes.begin()
    defer { if let write { writes.end(write) } }
    var tries = 0
    while true {
      tries += 1
      do throws(StoreError) {
        let session = try connected(until: operation.deadline)
        if attempt(operation, session, tries) == .done { return }
      } catch {
        return operation.fail(error)
      }
    }
  }

  private mutating func attempt(_ operation: any LaneOperation, _ session: PostgresSession, _ tries: Int) -> Progress {
    session.begin(operation.mode)
    configure(session)
    let token = operation.resolvesCommit ? Int64.random(in: 1...Int64.max) : nil
    var isCommitting = false
    do throws(StoreError) {
      try operation.run(session)
      isCommitting = true
      try session.commit(marking: token)
    } catch {
      let fault = session.fault
      session.rollBack()
      switch fault?.consequence {
      case nil, .final:
        // One bad job must not take the others down: once more, each in a transaction of its own.
        let parts = operation.parts
        if parts.isEmpty { operation.fail(error) } else { for part in parts { perform(part) } }
      case .tryAgain where tries < 12:
        // Others are in the way; not all of them come back at the same moment.
        usleep(UInt32.random(in: 500...2_000) * UInt32(tries))
        return .again
      case .tryAgain: operation.fail(error)
      case .connectionLost where fault?.isReadOnly == true && operation.isReadOnly:
        // Not the server's nature, but what the transaction was begun as.
        operation.fail(error)
      case .connectionLost:
        self.session = nil
        return afterLoss(operation, session, isCommitting ? token : nil, error)
      }
      return .done
    }
    finish(operation, session)
    return .done
  }

  private func finish(_ operation: any LaneOperation, _ session: PostgresSession) {
    // First, so that nobody hears what a job says before hearing that it runs.
    onCommit(session)
    operation.succeed()
  }

  /// The connection was lost: without a commit in flight all is undone and may be done again; with one, its mark tells
  /// what became of it.
  private mutating func afterLoss(
    _ operation: any LaneOperation, _ session: PostgresSession, _ token: Int64?, _ error: StoreError
  ) -> Progress {
    guard let token else { return ContinuousClock.now < operation.deadline ? .again : fail(operation, error) }
    while true {
      do throws(StoreError) {
        guard try connected(until: operation.deadline).hasCommitted(token) else { return .again }
        finish(operation, session)
        return .done
      } catch {
        guard ContinuousClock.now < operation.deadline else { return fail(operation, error) }
        self.session = nil
        // It is worth waiting to the end, even where a newcomer would be told at once that there is no connection.
        usleep(20_000)
      }
    }
  }

  private func fail(_ operation: any LaneOperation, _ error: StoreError) -> Progress {
    operation.fail(error)
    return .done
  }

  /// The connection; a lost one is made again, with longer and longer waits, at most until `deadline`, and without any
  /// wait once the database is known to be away.
  private mutating func connected(until deadline: ContinuousClock.Instant) throws(StoreError) -> PostgresSession {
    if let session, !session.connection.isBroken { return session }
    session = nil
    while true {
      let wait = nextTry.at - .now
      if wait > .zero {
        if let error = outage.verdict() { throw error }
        guard nextTry.at < deadline else { throw lastFailure ?? .away }
        usleep(UInt32(clamping: wait.microseconds))
      }
      guard outage.mayTry() else { throw outage.verdict() ?? .away }
      do throws(PostgresFault) {
        let new = PostgresSession(try PostgresConnection(url, role: name))
        session = new
        nextTry = (.now, .milliseconds(50))
        outage.noteSuccess()
        return new
      } catch {
        lastFailure = error.error
        outage.noteFailure(error.error)
        nextTry = (.now + nextTry.wait, min(nextTry.wait * 2, .seconds(1)))
      }
    }
  }
}

extension StoreError {
  fileprivate static var away: StoreError {
    StoreError(.unavailable, "PostgreSQL is not available. It is safe to try again.")
  }
}
