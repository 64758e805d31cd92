/// The payloads of one claim, one behind the other.
package struct PayloadPage {
  /// A larger payload has memory of its own, so that a page stays small and no large one outlives its job.
  private static let largest = 4096

  private var bytes: [UInt8] = []
  private var pieces: [(index: Int, start: Int)] = []

  package init() {}

  /// Keeps a payload for the job at `index` until ``hand(to:)``, or returns it at once if it is a large one.
  package mutating func add(_ payload: UnsafeRawBufferPointer, for index: Int) -> ArraySlice<UInt8> {
    guard payload.count <= Self.largest else { return Array(payload)[...] }
    pieces.append((index, bytes.count))
    bytes.append(contentsOf: payload)
    return []
  }

  /// Gives each job its piece.
  package func hand(to jobs: inout [ClaimedJob]) {
    var end = bytes.count
    for (index, start) in pieces.reversed() {
      jobs[index].payload = bytes[start..<end]
      end = start
    }
  }
}

extension ClaimedJob {
  /// The tags as they are stored: written by us, a list of strings and nothing else.
  package static func tags(in text: String) -> [String] {
    (try? JSONValue(parsing: text.utf8).arrayValue)?.compactMap(\.stringValue) ?? []
  }
}
