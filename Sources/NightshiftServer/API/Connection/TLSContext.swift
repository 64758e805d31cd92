import Foundation
import Logging
import NIOSSL
import Nightshift
import Synchronization

/// The certificate under which the server is reached, and its key.
package struct TLSFiles: Sendable, Hashable {
  /// PEM: the server's certificate first, then those between it and the authority.
  package var certificate: String
  /// PEM.
  package var key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// Encrypts connections, and takes up a renewed certificate without a restart.
final class TLSContext: Sendable {
  /// How often the files are looked at.
  private static let interval: Int64 = 5_000_000_000

  private struct State {
    var context: NIOSSLContext
    var stamp: [Int]
    var lookedAt: Int64
  }

  private let files: TLSFiles
  private let clock: any WallClock
  private let logger: Logger
  private let state: Mutex<State>

  /// - Throws: ``ServerError`` if the files cannot be used.
  init(_ files: TLSFiles, clock: any WallClock, logger: Logger) throws {
    self.files = files
    self.clock = clock
    self.logger = logger
    state = Mutex(
      State(
        context: try Self.load(files), stamp: FileStamp.of([files.certificate, files.key]), lookedAt: clock.monotonic))
  }

  /// For a new connection.
  func current() -> NIOSSLContext {
    state.withLock { state in
      let now = clock.monotonic
      guard now - state.lookedAt >= Self.interval else { return state.context }
      state.lookedAt = now
      let stamp = FileStamp.of([files.certificate, files.key])
      guard stamp != state.stamp else { return state.context }
      do {
        state.context = try Self.load(files)
        state.stamp = stamp
        logger.notice("the TLS certificate was renewed", metadata: ["file": "\(files.certificate)"])
      } catch {
        // Perhaps only one of the two files has been written yet: the next look is soon.
        logger.warning(
          "the TLS files have changed and cannot be used; the old ones stay", metadata: ["error": "\(error)"])
      }
      return state.context
    }
  }

  private static func load(_ files: TLSFiles) throws -> NIOSSLContext {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
      let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
      configuration.minimumTLSVersion = .tlsv12
      configuration.applicationProtocols = ["http/1.1"]
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw ServerError(
        "TLS cannot be used with \(files.certificate) and \(files.key): \(error). Both must be PEM files that this user "
          + "may read, and belong together.")
    }
  }
}
