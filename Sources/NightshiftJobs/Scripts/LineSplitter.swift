/// Makes lines of chunks of bytes, and holds no more of a line than its limit.
struct LineSplitter {
  /// A line without its end. Of one that is longer than the limit only the beginning is kept.
  struct Line: Equatable {
    var text: String
    /// How many bytes the line had, when that was more than the limit.
    var cutFrom: Int?
  }

  /// The longest line that is kept whole.
  let limit: Int
  /// How much is kept of a longer one.
  let remainder: Int
  private var pending: [UInt8] = []
  private var dropped = 0

  init(limit: Int, remainder: Int) {
    precondition(remainder <= limit, "what remains of a line is no longer than the line")
    self.limit = limit
    self.remainder = remainder
  }

  /// Takes the next bytes and returns the lines that they complete.
  mutating func append(_ bytes: [UInt8]) -> [Line] {
    var lines: [Line] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      add(rest[..<end])
      lines.append(takeLine())
      rest = rest[(end + 1)...]
    }
    add(rest)
    return lines
  }

  /// The line that has begun and will not end; `nil` if there is none.
  mutating func finish() -> Line? { pending.isEmpty && dropped == 0 ? nil : takeLine() }

  private mutating func add(_ bytes: ArraySlice<UInt8>) {
    if dropped > 0 {
      dropped += bytes.count
    } else if pending.count + bytes.count > limit {
      dropped = pending.count + bytes.count - remainder
      pending.append(contentsOf: bytes.prefix(max(0, remainder - pending.count)))
      pending.removeLast(pending.count - remainder)
    } else {
      pending.append(contentsOf: bytes)
    }
  }

  private mutating func takeLine() -> Line {
    let cutFrom = dropped > 0 ? pending.count + dropped : nil
    if cutFrom == nil, pending.last == UInt8(ascii: "\r") { pending.removeLast() }
    // A program may write any bytes; what is no UTF-8 is shown as such, not lost.
    let line = Line(text: String(decoding: pending, as: UTF8.self), cutFrom: cutFrom)
    pending.removeAll(keepingCapacity: true)
    dropped = 0
    return line
  }
}
