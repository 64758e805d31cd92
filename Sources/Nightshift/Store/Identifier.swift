import Synchronization

/// How 64-bit ids are laid out and written: time first, so that they sort and cluster by age.
package enum Identifier {
  /// 2024-01-01T00:00:00Z in milliseconds since 1970.
  package static let epoch: Int64 = 1_704_067_200_000
  /// The node that the SQL function for foreign languages uses; never leased to a process.
  package static let sqlNode: Int64 = 1023

  package static func make(milliseconds: Int64, node: Int64, sequence: Int64) -> Int64 {
    (milliseconds - epoch) << 22 | node << 12 | sequence
  }

  package static func timestamp(of id: Int64) -> Timestamp {
    Timestamp(microseconds: ((id >> 22) + epoch) * 1000)
  }

  /// The smallest id that can have been made at `moment`.
  package static func lowest(at moment: Timestamp) -> Int64 {
    max(0, moment.microseconds / 1000 - epoch) << 22
  }

  private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

  /// `prefix_` and 13 characters of Crockford's base32 (https://www.crockford.com/base32.html).
  package static func text(_ id: Int64, prefix: String) -> String {
    let bits = UInt64(bitPattern: id)
    return String(unsafeUninitializedCapacity: prefix.utf8.count + 14) { buffer in
      var index = 0
      for byte in prefix.utf8 {
        buffer[index] = byte
        index += 1
      }
      buffer[index] = UInt8(ascii: "_")
      for position in 0..<13 { buffer[index + 1 + position] = digits[Int(bits >> UInt64(60 - 5 * position) & 31)] }
      return index + 14
    }
  }

  /// Reads what `text` wrote. Lower case and Crockford's look-alikes (`O`, `I`, `L`) are accepted.
  package static func parse(_ text: String, prefix: String) -> Int64? {
    var bytes = text.utf8[...]
    guard bytes.count == prefix.utf8.count + 14, bytes.starts(with: prefix.utf8) else { return nil }
    bytes = bytes.dropFirst(prefix.utf8.count)
    guard bytes.removeFirst() == UInt8(ascii: "_") else { return nil }
    var bits: UInt64 = 0
    for (position, byte) in bytes.enumerated() {
      guard let value = value(of: byte), position > 0 || value < 16 else { return nil }
      bits = bits << 5 | UInt64(value)
    }
    let id = Int64(bitPattern: bits)
    return id >= 0 ? id : nil
  }

  private static func value(of byte: UInt8) -> UInt8? {
    switch byte | 0x20 {
    case UInt8(ascii: "o"): return 0
    case UInt8(ascii: "i"), UInt8(ascii: "l"): return 1
    default: break
    }
    let upper = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 32 : byte
    return digits.firstIndex(of: upper).map(UInt8.init)
  }
}

/// Makes ids for one process. They never go backwards, whatever the clock does.
package final class IdentifierGenerator: Sendable {
  private let node: Int64
  private let clock: any WallClock
  private let last: Mutex<(milliseconds: Int64, sequence: Int64)>

  /// - Parameter newest: An id after which all others are to come.
  package init(node: Int64, clock: any WallClock, after newest: Int64 = 0) {
    precondition((0..<1024).contains(node), "a node id has 10 bits")
    self.node = node
    self.clock = clock
    last = Mutex((newest > 0 ? Identifier.timestamp(of: newest).microseconds / 1000 : 0, 4095))
  }

  package func next() -> Int64 {
    let now = clock.now.microseconds / 1000
    return last.withLock { last in
      if now > last.milliseconds {
        last = (now, 0)
      } else if last.sequence < 4095 {
        last.sequence += 1
      } else {
        // The millisecond is used up, or the clock stands behind: borrow the next one.
        last = (last.milliseconds + 1, 0)
      }
      return Identifier.make(milliseconds: last.milliseconds, node: node, sequence: last.sequence)
    }
  }
}
