import Foundation
import Logging
import Nightshift
import Synchronization

/// Tells people and programs where the server is: on the terminal, and in `DIR/server.json` while it runs.
final class ServerAnnouncement: Sendable {
  private let folder: DataFolder
  private let output: Output
  private let logger: Logger
  private let state = Mutex(State())
  private let newToken = Mutex<String?>(nil)
  private let newUser = Mutex<(name: String, password: String)?>(nil)
  /// Whether the file with the admin token is worth pointing at.
  private let hasGoodToken = Atomic(false)

  private struct State: ~Copyable {
    var file: ServerFile?
    var seat: ServerSeat?
    var lastError: String?

    var isNamed: Bool { seat != nil }
  }

  init(folder: DataFolder, output: Output, logger: Logger) {
    self.folder = folder
    self.output = output
    self.logger = logger
  }

  /// Where the server is; `nil` before it listens.
  var url: String? { state.withLock { $0.file?.url } }

  /// Makes the admin token at the first start on a store.
  func provideToken(_ engine: Engine) async throws {
    if let token = try await engine.ensureAdminToken() {
      try AdminTokenFile.write(token, to: folder.path)
      newToken.withLock { $0 = token }
      hasGoodToken.store(true, ordering: .relaxed)
      return
    }
    let kept = AdminTokenFile.read(from: folder.path)
    if let kept, try await engine.authenticate(kept) != nil {
      hasGoodToken.store(true, ordering: .relaxed)
      return
    }
    let path = AdminTokenFile.path(in: folder.path)
    let what =
      kept == nil
      ? "There is no \(path). The token of this store is valid all the same: it was written down elsewhere, or removed."
      : "The token in \(path) is not known to this store, has expired or was revoked; another admin token is valid."
    logger.warning("\(what) To make a new one: \(TokenRemedy.making(in: folder.path))")
  }

  /// Makes the first person who may sign in to the console, at the first start on a store.
  func provideUser(_ engine: Engine) async throws {
    let user = try await engine.ensureAdminUser()
    newUser.withLock { $0 = user }
  }

  /// The server listens: from now on it can be found.
  func began(_ url: String) {
    state.withLock { $0.file = ServerFile(url: url, pid: getpid(), startedAt: SystemClock().now) }
    claim()
    announce(url)
  }

  /// Keeps the file in place until its task is cancelled: of several servers on one folder the first is named, and when
  /// it ends, one that goes on.
  func keep(clock: any WallClock) async {
    while true {
      // Cancelled when the server stops.
      do { try await clock.sleep(for: .seconds(1)) } catch { return }
      claim()
    }
  }

  private func claim() {
    let error = state.withLock { state -> String? in
      guard let file = state.file, !state.isNamed else { return nil }
      do throws(CommandFailure) {
        state.seat = try ServerSeat.take(in: folder.path, for: file)
      } catch {
        // Told once: clients that know the URL still find the server.
        defer { state.lastError = error.description }
        return error.description == state.lastError ? nil : error.description
      }
      return nil
    }
    if let error { logger.error("\(error)") }
  }

  /// Ends the announcement for good. What was made for a server that never came to listen is told all the same: nobody
  /// could learn the password later.
  func end() {
    state.withLock { state in
      state.file = nil
      state.seat = nil
    }
    announce(nil)
  }

  /// Tells what is new, once.
  ///
  /// - Parameter url: Where the server is; `nil` if it came to nothing.
  private func announce(_ url: String?) {
    let tokenPath = AdminTokenFile.path(in: folder.path)
    let token = newToken.withLock { $0.take() }
    let user = newUser.withLock { $0.take() }
    guard url != nil || user != nil || token != nil else { return }
    if output.isJSON {
      var fields: [String: JSONValue] = ["pid": .integer(Int64(getpid())), "tokenFile": .string(tokenPath)]
      if let url { fields["url"] = .string(url) }
      if let token { fields["token"] = .string(token) }
      if let user { (fields["user"], fields["password"]) = (.string(user.name), .string(user.password)) }
      return output.line(JSONValue.object(fields).description)
    }
    if let url {
      output.line("\(output.paint("Nightshift", .bold)) is at \(output.paint(url, .cyan))")
    } else {
      output.line("The server did not start, but its store was made.")
    }
    if let user {
      let (name, password) = (output.paint(user.name, .bold), output.paint(user.password, .bold))
      output.line("Sign in as \(name) with \(password) (shown this once)")
    }
    if let token {
      output.line("Admin token: \(output.paint(token, .bold)) (kept in \(tokenPath))")
    } else if hasGoodToken.load(ordering: .relaxed) {
      output.line("The admin token is in \(tokenPath)")
    }
  }
}
