import Foundation

enum RealPath {
  /// The path without symbolic links; as it is when it leads nowhere.
  ///
  /// Scripts name files by the path in which they find themselves, and that goes through no links.
  static func of(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
