import HTTPTypes
import HummingbirdCore
import Nightshift

/// The console's style sheet, modules and pictures. They are in the binary.
struct Assets: Sendable {
  struct File: Sendable {
    let bytes: [UInt8]
    let type: String
    let etag: String
  }

  static let embedded = Assets(EmbeddedFiles.all.map { ($0.name, "\($0.text)") })

  private static let types = [
    "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
  ]

  let files: [String: File]
  /// Changes with every file. It is part of their addresses, so that browsers may keep them for good; and of all at once,
  /// since modules name one another by relative addresses.
  let version: String

  init(_ sources: [(name: String, text: String)]) {
    var files: [String: File] = [:]
    for source in sources {
      guard let type = Self.types[source.name.split(separator: ".").last.map(String.init) ?? ""] else { continue }
      let bytes = Array(source.text.utf8)
      files[source.name] = File(bytes: bytes, type: type, etag: "\"\(Engine.fingerprint(bytes).prefix(16))\"")
    }
    self.files = files
    let stamps = files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.etag)" }.joined(separator: "\n")
    version = String(Engine.fingerprint(Array(stamps.utf8)).prefix(12))
  }

  /// Where the files lie, as pages name them.
  var path: String { "/assets/\(version)" }
}

extension RouteTable {
  static let assetRoutes: [Route] = [
    // For everybody: the page that one signs in on has them too.
    .page("/assets/{version}/{name}", .open) { request in try asset(request) },
    .page("/favicon.ico", .open) { _ in
      Response(status: .movedPermanently, headers: [.location: "\(Assets.embedded.path)/icon.svg"])
    },
  ]

  private static func asset(_ request: APIRequest) throws -> Response {
    let name = request.parameters["name"] ?? ""
    guard let file = Assets.embedded.files[name] else {
      throw Problem.notFound("There is no file \"\(name.truncatedUTF8(to: 100))\".")
    }
    // A page of the server's last version may ask for the file of that one: it gets today's, and does not keep it.
    let isCurrent = request.parameters["version"] == Assets.embedded.version
    let headers: HTTPFields = [
      .eTag: file.etag, .cacheControl: isCurrent ? "public, max-age=31536000, immutable" : "no-cache",
    ]
    guard !request.headers.matches(etag: file.etag) else { return Response(status: .notModified, headers: headers) }
    return .bytes(file.bytes, type: file.type, headers: headers)
  }
}
