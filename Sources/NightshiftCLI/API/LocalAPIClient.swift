import Foundation
import HTTPTypes
import Logging
import NIOCore
import Nightshift
import NightshiftServer

/// The API without a server: the same router in this process, on the store in the data folder.
final class LocalAPIClient: APIClient {
  /// Whoever may open the store's file may do everything.
  static let actor = Actor(id: NSUserName(), role: .admin)

  /// Never asked for: whoever may open the store needs no token.
  let tokenRemedy = TokenRemedy.forNone
  private let engine: Engine
  private let api: InProcessAPI
  private let ownsEngine: Bool

  init(engine: Engine, ownsEngine: Bool) {
    self.engine = engine
    self.ownsEngine = ownsEngine
    api = InProcessAPI(engine: engine, actor: Self.actor, logger: engine.logger)
  }

  static func open(_ settings: Settings) async throws -> LocalAPIClient {
    let database = try settings.database
    if case .file(let path) = database, access(path, R_OK | W_OK) != 0 { throw missing(path, errno) }
    var configuration = EngineConfiguration(settings, role: "command")
    configuration.masterKeys = try MasterKeyFile.keys(settings)
    let engine = try await Engine(database.storage(Logger(label: "nightshift")), configuration: configuration)
    return LocalAPIClient(engine: engine, ownsEngine: true)
  }

  private static func missing(_ path: String, _ code: Int32) -> CommandFailure {
    switch code {
    case ENOENT, ENOTDIR:
      CommandFailure(
        "There is no server and no store at \(path). Start one with `nightshift serve`, or name it with --data DIR "
          + "or NIGHTSHIFT_URL.")
    case EACCES:
      CommandFailure(
        "The store \(path) may not be used by user \(NSUserName()). Run this as its owner, or use the server's API: "
          + "set NIGHTSHIFT_URL and NIGHTSHIFT_TOKEN.")
    case EROFS:
      CommandFailure(
        "The store \(path) is on a file system that is read-only. Mount it for writing, or copy the data folder to "
          + "one that is, and name that with --data.")
    default:
      CommandFailure("The store \(path) cannot be used: \(String(cString: strerror(code))).")
    }
  }

  func send(_ request: APIRequest) async throws -> APIResponse {
    let answer = try await api.send(
      method: request.method, path: request.target, headers: Self.fields(request.headers),
      body: request.body?.serialized() ?? [])
    return APIResponse(status: answer.status.code, body: answer.body)
  }

  func events(
    _ path: String, lastEventID: String?, each: (ServerSentEvent) async throws -> Following
  ) async throws {
    var headers = [(name: "Accept", value: "text/event-stream")]
    if let lastEventID { headers.append(("Last-Event-ID", lastEventID)) }
    var parser = ServerSentEventParser()
    var refusal: [UInt8] = []
    do {
      let answer = try await api.stream(method: .get, path: path, headers: Self.fields(headers)) {
        status, piece in
        guard status.kind == .successful else {
          refusal += piece.readableBytesView
          return
        }
        for event in try parser.feed(piece.readableBytesView) {
          guard try await each(event) == .goOn else { throw SeenEnough() }
        }
      }
      guard answer.status.kind == .successful else {
        throw failure(APIResponse(status: answer.status.code, body: refusal), path)
      }
    } catch is SeenEnough {
      return
    }
  }

  func download(_ request: APIRequest, each: ([UInt8]) throws -> Void) async throws {
    var refusal: [UInt8] = []
    let answer = try await api.stream(method: .get, path: request.target) { status, piece in
      guard status.kind == .successful else {
        refusal += piece.readableBytesView
        return
      }
      try each(Array(piece.readableBytesView))
    }
    guard answer.status.kind == .successful else {
      throw failure(APIResponse(status: answer.status.code, body: refusal), request.path)
    }
  }

  /// Ends a stream from within.
  private struct SeenEnough: Error {}

  private static func fields(_ headers: [(name: String, value: String)]) -> HTTPFields {
    var fields = HTTPFields()
    for header in headers {
      // They are written in this program, and all have valid names.
      fields.append(HTTPField(name: HTTPField.Name(header.name)!, value: header.value))
    }
    return fields
  }

  func close() async { if ownsEngine { await engine.close() } }
}
