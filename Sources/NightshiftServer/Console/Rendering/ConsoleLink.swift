import Foundation

/// Addresses of pages.
enum ConsoleLink {
  private static let plain = CharacterSet(charactersIn: "-._~").union(
    CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))

  static func escaped(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: plain) ?? "" }

  /// A path with those parameters that have a value.
  static func path(_ path: String, _ parameters: [(name: String, value: String?)]) -> String {
    let pairs = parameters.compactMap { pair in
      pair.value.flatMap { $0.isEmpty ? nil : "\(escaped(pair.name))=\(escaped($0))" }
    }
    return pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
  }
}
