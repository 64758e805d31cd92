import CLibPQ
import Foundation
import Nightshift
import Synchronization

/// The thread that tells other processes what this one has committed, and hears what they tell: `LISTEN` and `NOTIFY`
/// on a connection of its own.
///
/// One message for all commits of a moment, outside their transactions: a `NOTIFY` takes a lock of the whole database
/// at its commit, so that one in each would make them queue.
final class PostgresBell: Sendable {
  /// The least time between two messages.
  private static let pause: Duration = .milliseconds(5)
  private static let clockInterval: Duration = .seconds(30)
  /// How often others are looked for where a pooler stands between, through which nobody can be heard.
  private static let lookInterval: Duration = .seconds(1)
  /// How often this process's counters are folded while it changes them.
  private static let foldInterval: Duration = .seconds(2)

  private struct State {
    var news = PostgresNews()
    var isClosed = false
    var mustFold = false
  }

  private let url: PostgresURL
  private let clock: PostgresClock
  private let me = Int64.random(in: 1...Int64.max)
  private let state = Mutex(State())
  private let wake: (read: Int32, write: Int32)
  private let hear: @Sendable (CommitNotice) -> Void
  private let fold: @Sendable () -> Void
  private let thread = Mutex<ServingThread?>(nil)
  private let says: @Sendable (String) -> Void

  /// - Parameters:
  ///   - hear: Called on the bell's thread with what others have done.
  ///   - fold: Called on the bell's thread when this process's counters are to be folded.
  ///   - says: Called with what belongs into the log.
  init(
    _ url: PostgresURL, _ clock: PostgresClock, hear: @escaping @Sendable (CommitNotice) -> Void,
    fold: @escaping @Sendable () -> Void, says: @escaping @Sendable (String) -> Void
  ) {
    self.url = url
    self.clock = clock
    self.hear = hear
    self.fold = fold
    self.says = says
    var ends: [Int32] = [-1, -1]
    if pipe(&ends) == 0 {
      for end in ends {
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
      }
    }
    wake = (ends[0], ends[1])
  }

  deinit {
    close(wake.read)
    close(wake.write)
  }

  /// Begins to listen, on a connection that was made for it.
  func start(_ session: sending PostgresSession) throws(StoreError) {
    let isPooled = session.connection.isPooled
    try listen(on: session)
    let handover = Handover(session)
    let started = ServingThread(name: "nightshift-bell") {
      BellThread(url: self.url, session: handover.take(), isPoolSaid: isPooled)
    } serve: { [self] thread in
      serve(&thread)
    }
    thread.withLock { $0 = started }
  }

  /// Returns when what was to be told has been told, as far as that is possible, and the connection is closed.
  func stop() async {
    state.withLock { $0.isClosed = true }
    ring()
    await thread.withLock { $0 }?.waitForEnd()
  }

  /// Takes note of a commit of this process.
  func announce(_ notice: CommitNotice, changesMore: Bool, changesCounters: Bool) {
    let mustRing = state.withLock { state in
      let wasEmpty = state.news.isEmpty
      state.news.add(notice, changesMore: changesMore)
      state.mustFold = state.mustFold || changesCounters
      return wasEmpty && !state.news.isEmpty
    }
    if mustRing { ring() }
  }

  private func ring() {
    var byte: UInt8 = 1
    // Full means that it rings already.
    _ = write(wake.write, &byte, 1)
  }

  // MARK: The thread

  private struct BellThread {
    let url: PostgresURL
    var session: PostgresSession?
    var isPoolSaid: Bool
    var wait = Duration.milliseconds(50)
    var measureAt = ContinuousClock.now
    var lookAt = ContinuousClock.now
    var foldAt = ContinuousClock.now
    var toldAt = ContinuousClock.now

    init(url: PostgresURL, session: PostgresSession, isPoolSaid: Bool) {
      self.url = url
      self.session = session
      self.isPoolSaid = isPoolSaid
    }
  }

  private func serve(_ thread: inout BellThread) {
    while true {
      let isClosed = state.withLock { $0.isClosed }
      if let session = thread.session, !session.connection.isBroken {
        do throws(StoreError) {
          try tell(session, &thread)
          if isClosed { return }
          try measure(session, &thread)
        } catch {
          thread.session = nil
          continue
        }
      } else if isClosed {
        return
      } else {
        connect(&thread)
      }
      lookAround(&thread)
      sleep(thread)
      listen(thread)
    }
  }

  private func connect(_ thread: inout BellThread) {
    thread.session = nil
    do throws(StoreError) {
      let session = try PostgresSession(connecting: thread.url, role: "bell")
      if !thread.isPoolSaid || !session.connection.isPooled { try listen(on: session) }
      thread.isPoolSaid = session.connection.isPooled
      thread.session = session
      thread.wait = .milliseconds(50)
      thread.measureAt = .now
      // Whatever was said while nobody listened.
      hear(PostgresNews(changed: true).notice)
    } catch {
      usleep(UInt32(thread.wait.microseconds))
      thread.wait = min(thread.wait * 2, .seconds(1))
    }
  }

  private func listen(on session: PostgresSession) throws(StoreError) {
    guard !session.connection.isPooled else {
      return says(
        "a pooler stands before PostgreSQL: changes of other processes are noticed within a second, by looking")
    }
    session.begin()
    _ = try session.query("LISTEN \(PostgresNews.channel)")
    try session.commit()
  }

  private func tell(_ session: PostgresSession, _ thread: inout BellThread) throws(StoreError) {
    var news = state.withLock { state in
      defer { state.news = PostgresNews() }
      return state.news
    }
    guard !news.isEmpty else { return }
    news.from = me
    let left = thread.toldAt + Self.pause - .now
    if left > .zero { usleep(UInt32(clamping: left.microseconds)) }
    thread.toldAt = .now
    session.begin()
    do throws(StoreError) {
      _ = try session.query("SELECT pg_notify(?, ?)", [.text(PostgresNews.channel), .text(news.text())])
      try session.commit()
    } catch {
      session.rollBack()
      // Said again on the next connection; what has come since is in there too.
      state.withLock { $0.news.changed = true }
      throw error
    }
  }

  private func measure(_ session: PostgresSession, _ thread: inout BellThread) throws(StoreError) {
    guard thread.measureAt <= .now else { return }
    thread.measureAt = .now + Self.clockInterval
    try clock.measure(session)
  }

  private func lookAround(_ thread: inout BellThread) {
    if thread.session?.connection.isPooled == true, thread.lookAt <= .now {
      thread.lookAt = .now + Self.lookInterval
      hear(PostgresNews(changed: true).notice)
    }
    guard thread.foldAt <= .now else { return }
    let mustFold = state.withLock { state in
      defer { state.mustFold = false }
      return state.mustFold
    }
    guard mustFold else { return }
    thread.foldAt = .now + Self.foldInterval
    fold()
  }

  /// Waits until there is something to tell or to hear, or a second is over.
  private func sleep(_ thread: BellThread) {
    let socket = thread.session.map { PQsocket($0.connection.handle) } ?? -1
    var descriptors = [
      pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0), pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
    ]
    // Interrupted: the next turn waits again.
    guard poll(&descriptors, 2, 1_000) > 0, descriptors[0].revents != 0 else { return }
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(wake.read, &bytes, bytes.count) == bytes.count {}
  }

  private func listen(_ thread: BellThread) {
    guard let handle = thread.session?.connection.handle else { return }
    // A lost connection shows at the next statement, and at the latest when the clock is measured.
    guard PQconsumeInput(handle) == 1 else { return thread.session!.connection.giveUp() }
    var heard = CommitNotice()
    while let message = PQnotifies(handle) {
      defer { PQfreemem(message) }
      let news = PostgresNews(reading: String(cString: message.pointee.extra))
      guard news.from != me else { continue }
      heard.add(news.notice)
    }
    if !heard.isEmpty { hear(heard) }
  }
}

extension CommitNotice {
  fileprivate mutating func add(_ other: CommitNotice) {
    readyQueues.formUnion(other.readyQueues)
    nextDue = [nextDue, other.nextDue].compactMap(\.self).min()
    cancelRequests += other.cancelRequests
    foreignChange = foreignChange || other.foreignChange
  }
}
