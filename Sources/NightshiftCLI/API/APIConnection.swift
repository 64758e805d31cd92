import Foundation
import Nightshift

/// Finds the API that a command is to speak to.
enum APIConnection {
  static func open(_ settings: Settings) async throws -> any APIClient {
    let folder = settings.required(.data)
    let server = ServerFile.running(in: folder)
    let storeToken = AdminTokenFile.read(from: folder)
    if let url = settings.text(.url) {
      // The store's own token goes to its own server only, and not to whatever the URL names.
      let token = settings.text(.token) ?? (url == server?.url ? storeToken : nil)
      return HTTPAPIClient(url: url, token: token, remedy: "Check NIGHTSHIFT_URL, and that the server runs.")
    }
    // Without a token the store itself is the way in: whoever may open its file needs none.
    if let server, let token = settings.text(.token) ?? storeToken {
      return HTTPAPIClient(
        url: server.url, token: token,
        remedy:
          "\(ServerFile.path(in: folder)) names it, with pid \(server.pid). If it does not run, remove that file."
      )
    }
    return try await LocalAPIClient.open(settings)
  }
}
