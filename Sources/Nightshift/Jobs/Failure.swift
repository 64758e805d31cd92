/// Why an attempt failed, as it is kept: for people, and for grouping what failed alike.
package struct Failure: Sendable, Hashable {
  /// The error's type, or another short word that groups: `URLError`, `exit 3`, `timeout`.
  package var type: String
  /// What people read. At most 8 KiB are kept.
  package var message: String
  /// What helps to find the cause: the end of standard error, a stack. At most 64 KiB are kept.
  package var detail: String?

  package init(type: String, message: String, detail: String? = nil) {
    self.type = String(type.prefix(200))
    self.message = message.truncatedUTF8(to: 8 << 10)
    self.detail = detail?.truncatedUTF8(to: 64 << 10)
  }

  package init(_ error: any Error) {
    self.init(type: String(describing: Swift.type(of: error)), message: "\(error)")
  }
}

extension String {
  /// The text cut to at most so many bytes, never within a character, with "…" where something was cut.
  package func truncatedUTF8(to limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var bytes = 0
    var end = startIndex
    for index in indices {
      let size = self[index].utf8.count
      guard bytes + size <= limit - 3 else { break }
      bytes += size
      end = self.index(after: index)
    }
    return String(self[..<end]) + "…"
  }
}
