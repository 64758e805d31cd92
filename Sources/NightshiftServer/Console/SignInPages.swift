import Foundation

/// Coming in, going out, and one's own password.
enum SignInPages {
  /// Where to sign in, and then go on to a page of ours.
  static func path(thenTo next: String?) -> String {
    guard let next = next.flatMap(safe), next != "/" else { return "/sign-in" }
    var allowed = CharacterSet.urlQueryAllowed
    allowed.remove(charactersIn: "&+=?#")
    return "/sign-in?next=" + (next.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")
  }

  /// A path of this server; `nil` for anything that would lead a browser elsewhere (`//evil.example`, `https:`, or a
  /// backslash, which browsers read as a slash).
  static func safe(_ path: String) -> String? {
    let isPlain = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
    guard path.hasPrefix("/"), !path.hasPrefix("//"), isPlain, path.utf8.count <= 2_000, !path.hasPrefix("/sign-")
    else {
      return nil
    }
    return path
  }
}
