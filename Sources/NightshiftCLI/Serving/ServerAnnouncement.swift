import Foundation
import Logging
import Nightshift
import Synchronization

/// Tells people and programs where the server is: on the terminal, and in `DIR/server.json` while it runs.
final class ServerAnnouncement: Sendable {
  private let folder: DataFolder
  private let output: Output
  private let logger: Logger
  private let file = Mutex<ServerFile?>(nil)
  private let newToken = Mutex<String?>(nil)

  init(folder: DataFolder, output: Output, logger: Logger) {
    self.folder = folder
    self.output = output
    self.logger = logger
  }

  /// Where the server is; `nil` before it listens.
  var url: String? { file.withLock { $0?.url } }

  /// Makes the admin token at the first start on a store.
  func provideToken(_ engine: Engine) async throws {
    if let token = try await engine.ensureAdminToken() {
      try AdminTokenFile.write(token, to: folder.path)
      newToken.withLock { $0 = token }
    } else if AdminTokenFile.read(from: folder.path) == nil {
      let path = AdminTokenFile.path(in: folder.path)
      logger.warning(
        "The file with the admin token is gone; the token itself is still valid. To get another one: nightshift tokens create NAME --role admin > \(path); chmod 600 \(path)"
      )
    }
  }

  /// The server listens: from now on it can be found.
  func began(_ url: String) {
    let new = ServerFile(url: url, pid: getpid(), startedAt: SystemClock().now)
    do {
      try new.write(in: folder.path)
    } catch {
      // Clients that are told the URL still find it.
      logger.error("\(error.description)")
    }
    file.withLock { $0 = new }
    announce(url)
  }

  func end() {
    let old = file.withLock { file in
      defer { file = nil }
      return file
    }
    old?.remove(from: folder.path)
  }

  private func announce(_ url: String) {
    let tokenPath = AdminTokenFile.path(in: folder.path)
    let token = newToken.withLock { $0 }
    if output.isJSON {
      var fields: [String: JSONValue] = [
        "url": .string(url), "pid": .integer(Int64(getpid())), "tokenFile": .string(tokenPath),
      ]
      if let token { fields["token"] = .string(token) }
      return output.line(JSONValue.object(fields).description)
    }
    output.line("\(output.paint("Nightshift", .bold)) is at \(output.paint(url, .cyan))")
    if let token {
      output.line("Admin token: \(output.paint(token, .bold)) (kept in \(tokenPath))")
    } else if AdminTokenFile.read(from: folder.path) != nil {
      output.line("The admin token is in \(tokenPath)")
    }
  }
}
