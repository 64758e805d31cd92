/// Which values of a JSON document are hidden: `password` (of that name, wherever it stands) or `customer.card.number`
/// (from the top, `*` for any one name).
package struct RedactionPath: Sendable, Hashable, CustomStringConvertible {
  /// How a path is written, for messages.
  package static let rule =
    "names with dots between, such as password, *.token or customer.card.number, of at most 20 names and 200 bytes"

  private let names: [String]
  package let description: String

  /// `nil` unless the text is ``rule``.
  package init?(_ text: String) {
    let names = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard text.utf8.count <= 200, names.count <= 20, !names.contains(""), names.contains(where: { $0 != "*" }) else {
      return nil
    }
    self.names = names.map(Self.plain)
    description = text
  }

  /// Whether it names a key wherever it stands.
  private var isAnywhere: Bool { names.count == 1 }

  /// `api_key`, `apiKey` and `API-Key` are the same to people.
  static func plain(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }

  /// How far it has matched: the places of the names that come next. It may be several, since `*` also stands for the
  /// place in an array, which a path may as well leave out.
  typealias Progress = Set<Int>

  static let start: Progress = [0]

  /// - Returns: What is left after a field of this name; `nil` if the value there is hidden.
  func after(_ progress: Progress, name: String) -> Progress? {
    let name = Self.plain(name)
    if isAnywhere { return names[0] == name ? nil : Self.start }
    let next = Set(progress.filter { names[$0] == "*" || names[$0] == name }.map { $0 + 1 })
    return next.contains(names.count) ? nil : next
  }

  /// - Returns: What is left within an item of an array; `nil` if it is hidden.
  func afterItem(_ progress: Progress) -> Progress? {
    guard !isAnywhere else { return Self.start }
    let next = progress.union(progress.filter { names[$0] == "*" }.map { $0 + 1 })
    return next.contains(names.count) ? nil : next
  }
}
