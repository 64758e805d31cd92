import Synchronization

/// The tokens and sessions that were found good a moment ago, so that not each request asks the store.
///
/// Between a look into the store and what is remembered of it somebody may have revoked the token. So whoever looks
/// takes a ticket before, and nothing is remembered once all was forgotten since.
struct KnownCallers: Sendable {
  /// A caller is looked up again after this time, should word of a change never come.
  static let life = Duration.seconds(10)
  /// Whoever signs in often and never out must not fill the memory.
  private static let most = 10_000

  /// How often all was forgotten before somebody looked into the store.
  struct Ticket: Sendable, Hashable { fileprivate var round = 0 }

  private struct Entry<Caller: Sendable>: Sendable {
    var caller: Caller
    var readAt: Timestamp

    /// A clock that was put back makes it no younger.
    func isFresh(_ now: Timestamp) -> Bool { readAt <= now && now - readAt < KnownCallers.life }
  }

  private var tokens: [String: Entry<Actor>] = [:]
  private var sessions: [String: Entry<Session>] = [:]
  /// To be taken before the look into the store.
  private(set) var ticket = Ticket()

  /// Has everybody looked up anew, and those too who are being looked up.
  mutating func forget() {
    tokens = [:]
    sessions = [:]
    ticket.round += 1
  }

  /// Whose token it is. It may have expired meanwhile.
  func token(_ digest: String, at now: Timestamp) -> Actor? {
    tokens[digest].flatMap { $0.isFresh(now) ? $0.caller : nil }
  }

  /// It may have expired meanwhile.
  func session(_ digest: String, at now: Timestamp) -> Session? {
    sessions[digest].flatMap { $0.isFresh(now) ? $0.caller : nil }
  }

  mutating func remember(_ token: Actor, as digest: String, since ticket: Ticket, readAt: Timestamp) {
    guard ticket == self.ticket else { return }
    if tokens.count >= Self.most { tokens = [:] }
    tokens[digest] = Entry(caller: token, readAt: readAt)
  }

  mutating func remember(_ session: Session, as digest: String, since ticket: Ticket, readAt: Timestamp) {
    guard ticket == self.ticket else { return }
    if sessions.count >= Self.most { sessions = [:] }
    sessions[digest] = Entry(caller: session, readAt: readAt)
  }
}

extension Engine {
  /// Looks up who calls anew from now on.
  func forgetCallers() { caches.withLock { $0.callers.forget() } }
}
