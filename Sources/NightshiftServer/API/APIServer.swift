import Foundation
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import Nightshift
import ServiceLifecycle

/// Serves the API on a socket, until its task is cancelled or a graceful shutdown is asked for.
package struct APIServer: Service {
  private let engine: Engine
  private let options: ServerOptions
  private let logger: Logger
  private var settings: [SettingLine] = []
  private let host: String
  private let port: Int
  private let onRunning: @Sendable (Int) async -> Void

  /// - Parameters:
  ///   - port: 0 takes any that is free.
  ///   - onRunning: Called with the actual port once connections are accepted.
  package init(
    engine: Engine, host: String, port: Int, options: ServerOptions = ServerOptions(), logger: Logger,
    onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.engine = engine
    self.options = options
    self.logger = logger
    self.host = host
    self.port = port
    self.onRunning = onRunning
  }

  /// Shows these on the page of settings.
  package func showing(_ settings: [SettingLine]) -> APIServer {
    var server = self
    server.settings = settings
    return server
  }

  package func run() async throws {
    var api = API(engine: engine, options: options, logger: logger)
    api.settings = settings
    api.jwt = try options.jwt.map { settings throws(ServerError) in
      try JWTVerifier(settings, clock: engine.clock, logger: logger)
    }
    let tls = try options.tls.map { try TLSContext($0, clock: engine.clock, logger: logger) }
    let port = self.port
    let onRunning = self.onRunning
    var quiet = api.logger
    // Who started the server says where it listens; a library says it once more in other words.
    quiet.logLevel = max(api.logger.logLevel, .notice)
    let application = Application(
      responder: APIResponder(api: api),
      server: HTTPServerBuilder { [api] responder in ServerConnection(responder: responder, api: api, tls: tls) },
      configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
      onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
      logger: quiet)
    do {
      try await application.run()
    } catch let error as IOError {
      throw ServerError("Cannot listen on \(host):\(port): \(reason(error)).")
    } catch let error as SocketAddressError {
      throw ServerError(
        "Cannot listen on \(host):\(port): the host is not known (\(error)). Use an address of this machine.")
    }
  }

  private func reason(_ error: IOError) -> String {
    switch error.errnoCode {
    case EADDRINUSE: "another program listens there. Stop it, or choose another port with --listen"
    case EACCES: "ports below 1024 take special rights. Choose a higher one with --listen"
    case EADDRNOTAVAIL: "this machine has no such address. Use 127.0.0.1, or 0.0.0.0 for all it has"
    default: "\(error)"
    }
  }
}

/// Why the server could not start.
package struct ServerError: Error, Sendable, CustomStringConvertible {
  /// What went wrong and what would help.
  package let description: String

  init(_ description: String) { self.description = description }
}
