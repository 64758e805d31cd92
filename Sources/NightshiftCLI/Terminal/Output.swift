import Foundation
import Nightshift
import Synchronization

/// Where commands write: results to standard output, everything else to standard error.
struct Output: Sendable {
  let terminal: Terminal
  /// Whether results are JSON, for programs.
  let isJSON: Bool

  func line(_ text: String = "") { Self.write(text + "\n", to: STDOUT_FILENO) }

  func note(_ text: String) { Self.write(text + "\n", to: STDERR_FILENO) }

  func table(_ table: Table, whenEmpty: String) {
    if table.isEmpty { return note(whenEmpty) }
    for text in table.lines(width: terminal.width, isColored: terminal.colorsOutput) { line(text) }
  }

  func json(_ value: JSONValue) { line(String(decoding: value.serialized(pretty: true), as: UTF8.self)) }

  func paint(_ text: String, _ style: Style) -> String { style.paint(text, ifColored: terminal.colorsOutput) }

  /// Writes all of it, past buffers, so that what is shown before a crash or an `exit` is not lost.
  static func write(_ text: String, to file: Int32) { write(Array(text.utf8), to: file) }

  static func write(_ bytes: [UInt8], to file: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EINTR {
        continue
      } else if errno == EAGAIN {
        // A terminal that another program has made non-blocking: wait until it takes more.
        var poller = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        poll(&poller, 1, 1000)
      } else if errno == EPIPE, file == STDOUT_FILENO {
        // The reader (`| head`) has seen enough. SIGPIPE is ignored, since a socket raises it too.
        exit(ExitStatus.brokenPipe)
      } else {
        return  // nowhere is left to complain to
      }
    }
  }
}
