import Crypto

/// A place in the audit log's chain. Each entry's hash covers the entry and the hash before it, so that the last one
/// stands for all of them: whoever changes, removes or reorders entries cannot have it come out the same.
package struct AuditLink: Sendable, Hashable {
  /// Counted from 1, without gaps.
  package var sequence: Int64
  /// SHA-256.
  package var hash: [UInt8]

  package init(sequence: Int64, hash: [UInt8]) {
    self.sequence = sequence
    self.hash = hash
  }

  /// Before the first entry.
  static let start = AuditLink(sequence: 0, hash: [UInt8](repeating: 0, count: SHA256.byteCount))

  /// The place of the entry that follows.
  func next(_ entry: AuditEntry) -> AuditLink {
    var bytes = hash
    bytes.reserveCapacity(512)
    for number in [sequence + 1, entry.id, entry.at.microseconds] { bytes.append(number) }
    for text in [entry.actor, entry.role, entry.address, entry.verb, entry.subject, entry.detail] { bytes.append(text) }
    return AuditLink(sequence: sequence + 1, hash: Array(SHA256.hash(data: bytes)))
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ number: Int64) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }

  /// With its length before it, so that no two entries look the same; -1 for none.
  fileprivate mutating func append(_ text: String?) {
    guard var text else { return append(Int64(-1)) }
    // PostgreSQL does not store it, and an entry that has moved there is still the same.
    if text.utf8.contains(0) { text = text.replacing("\0", with: "\u{FFFD}") }
    append(Int64(text.utf8.count))
    append(contentsOf: text.utf8)
  }

  /// Two digits for each byte.
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Reads what ``hexadecimal`` gives.
  package init?(hexadecimal text: some StringProtocol) {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}

extension AuditLink {
  /// Two places that are written down beside the entries.
  enum Mark: String {
    /// The last entry that is sealed: one that is taken away from the end is missed by it.
    case head = "audit_head"
    /// The last entry that was deleted for its age: the chain begins after it.
    case anchor = "audit_anchor"
  }

  static func read(_ mark: Mark, _ transaction: any ReadTransaction) throws(StoreError) -> AuditLink? {
    let row = try transaction.query("SELECT value FROM nightshift_settings WHERE name = ?", [.text(mark.rawValue)])
      .first
    guard let parts = row?.text(0)?.split(separator: " "), parts.count == 2, let sequence = Int64(parts[0]),
      let hash = [UInt8](hexadecimal: parts[1])
    else { return nil }
    return AuditLink(sequence: sequence, hash: hash)
  }

  /// Where the chain ends, and whether the mark says so too.
  static func head(_ transaction: any ReadTransaction) throws(StoreError) -> (link: AuditLink, isMarked: Bool) {
    let (last, anchor) = (try read(.head, transaction), try read(.anchor, transaction))
    let mark = last ?? anchor ?? .start
    let row = try transaction.query(
      "SELECT seq, hash FROM nightshift_audit WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1"
    ).first
    guard let sequence = row?.integer(0), sequence > mark.sequence else { return (mark, true) }
    return (AuditLink(sequence: sequence, hash: row?.bytes(1) ?? []), false)
  }

  func write(_ mark: Mark, _ transaction: any WriteTransaction) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO nightshift_settings(name, value) VALUES(?, ?)
      ON CONFLICT(name) DO UPDATE SET value = excluded.value
      """, [.text(mark.rawValue), .text("\(sequence) \(hash.hexadecimal)")])
  }
}
