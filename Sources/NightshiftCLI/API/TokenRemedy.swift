/// What to do when a server refuses the token that a command has sent. It must be a way that needs no good token.
enum TokenRemedy {
  /// A token that a setting names.
  static func forSetting(_ origin: SettingOrigin?, folder: String) -> String {
    let place = origin.map { " (\($0))" } ?? ""
    return "The server does not accept the token of NIGHTSHIFT_TOKEN\(place): it is another store's, has expired or "
      + "was revoked. Set a good one, or unset it to use \(AdminTokenFile.path(in: folder))."
  }

  /// The token in the data folder.
  static func forFile(in folder: String) -> String {
    "The token in \(AdminTokenFile.path(in: folder)) is not accepted: it is another store's, has expired or was "
      + "revoked. Make a new one, which works on the store itself:\n  \(making(in: folder))"
  }

  /// No token at all.
  static let forNone =
    "The server wants a token. Set NIGHTSHIFT_TOKEN to one; `nightshift tokens create NAME` on its machine makes it."

  /// The shell empties the file first, and without a token commands go to the store.
  static func making(in folder: String) -> String {
    let path = AdminTokenFile.path(in: folder)
    return "nightshift tokens create NAME --role admin --data \(folder) > \(path) && chmod 600 \(path)"
  }
}
