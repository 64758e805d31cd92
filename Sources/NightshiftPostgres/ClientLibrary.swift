import CLibPQ
import Nightshift

/// PostgreSQL's client library, which comes into the process with the first URL of a PostgreSQL database.
enum ClientLibrary {
  /// - Throws: ``StoreError`` with code `unavailable` if this machine has none that will do.
  static func load() throws(StoreError) {
    let words: String? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { reason in
      nightshift_libpq_load(reason.baseAddress, reason.count) == 1 ? nil : String(cString: reason.baseAddress!)
    }
    guard let words else { return }
    throw StoreError(
      .unavailable,
      "PostgreSQL needs its client library, version 14 or newer: `apt-get install libpq5` on Debian and Ubuntu.",
      cause: words)
  }
}
