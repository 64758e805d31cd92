import Foundation
import Nightshift

/// Finds the API that a command is to speak to.
enum APIConnection {
  static func open(_ settings: Settings) async throws -> any APIClient {
    let folder = settings.required(.data)
    let server = ServerFile.running(in: folder)
    let storeToken = AdminTokenFile.read(from: folder)
    // A URL that names the store's own server says nothing that is not known.
    if let url = settings.text(.url), url != server?.url {
      // The store's own token goes to its own server only, and not to whatever the URL names.
      let token = settings.text(.token)
      return HTTPAPIClient(token: token, tokenRemedy: remedy(token, settings)) {
        HTTPAPIClient.Place(url: url, remedy: "Check NIGHTSHIFT_URL, and that the server runs.")
      }
    }
    // Without a token the store itself is the way in: whoever may open its file needs none.
    if let server, let token = settings.text(.token) ?? storeToken {
      return HTTPAPIClient(token: token, tokenRemedy: remedy(token, settings), isOwnServer: true) {
        place(ServerFile.running(in: folder), in: folder, formerly: server)
      }
    }
    return try await LocalAPIClient.open(settings)
  }

  /// Where the folder's server is now: one that was restarted or has taken over may have another address.
  private static func place(
    _ server: ServerFile?, in folder: String, formerly former: ServerFile
  ) -> HTTPAPIClient.Place {
    guard let server else {
      return HTTPAPIClient.Place(
        url: former.url, remedy: "It has ended since. Start it again: nightshift serve --data \(folder)")
    }
    return HTTPAPIClient.Place(
      url: server.url,
      remedy:
        "It runs, with pid \(server.pid), as \(ServerFile.path(in: folder)) says: wait until it answers, or end it. "
        + "In another container or network, name an address that reaches it with NIGHTSHIFT_URL.")
  }

  private static func remedy(_ token: String?, _ settings: Settings) -> String {
    let folder = settings.required(.data)
    if let value = settings[.token] { return TokenRemedy.forSetting(value.origin, folder: folder) }
    return token == nil ? TokenRemedy.forNone : TokenRemedy.forFile(in: folder)
  }
}
