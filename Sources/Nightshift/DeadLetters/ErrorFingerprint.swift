/// What tells errors apart: the kind of the job, the type of the error, and its message without what differs each time.
package enum ErrorFingerprint {
  /// What comes later seldom tells two errors apart.
  private static let longest = 2_000

  package static func of(kind: String, _ failure: Failure) -> String {
    let text = "\(kind)\n\(failure.type)\n\(normalised(failure.message))"
    return String(Engine.fingerprint(Array(text.utf8)).prefix(16))
  }

  /// The message with `#` for numbers and ids and `…` for what stands in quotes.
  package static func normalised(_ message: String) -> String {
    let bytes = Array(message.utf8.prefix(longest))
    var result: [UInt8] = []
    var place = 0
    while place < bytes.count {
      if let end = endOfQuote(bytes, place) {
        result += [bytes[place]] + Array("…".utf8) + [bytes[place]]
        place = end
      } else if isWord(bytes[place]) {
        let end = bytes[place...].firstIndex { !isWord($0) } ?? bytes.count
        result += generalised(bytes[place..<end])
        place = end
      } else {
        result.append(bytes[place])
        place += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Behind the quote that closes the one at `place`; `nil` if none begins there. An apostrophe within a word begins none,
  /// and no quote goes over the end of a line.
  private static func endOfQuote(_ bytes: [UInt8], _ place: Int) -> Int? {
    let quote = bytes[place]
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") || quote == UInt8(ascii: "`") else { return nil }
    if place > 0, isWord(bytes[place - 1]) { return nil }
    for index in bytes.indices[(place + 1)...].prefix(200) {
      if bytes[index] == UInt8(ascii: "\n") { return nil }
      let isInWord = bytes.indices.contains(index + 1) && isWord(bytes[index + 1])
      if bytes[index] == quote, !isInWord { return index + 1 }
    }
    return nil
  }

  /// A word with digits in it is an id or a number: `0x7f`, `7f3a0012`, `shop-12`. Of others the letters say what is wrong.
  private static func generalised(_ word: ArraySlice<UInt8>) -> [UInt8] {
    guard word.contains(where: isDigit) else { return Array(word) }
    let letters = word.filter { !isDigit($0) }
    let isHex = letters.allSatisfy { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x66 || $0 == UInt8(ascii: "x") }
    if isHex { return [UInt8(ascii: "#")] }
    // The run of digits alone, so that `http2` and `http1` are one, and `shop12` and `host12` two.
    var result: [UInt8] = []
    for byte in word {
      if !isDigit(byte) {
        result.append(byte)
      } else if result.last != UInt8(ascii: "#") {
        result.append(UInt8(ascii: "#"))
      }
    }
    return result
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A || byte >= 0x80 || byte == UInt8(ascii: "_")
  }
}
