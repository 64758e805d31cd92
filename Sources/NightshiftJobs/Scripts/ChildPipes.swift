import CChildProcess
import Foundation

/// The three pipes between us and a child.
struct ChildPipes {
  /// Our ends of its standard input, output and error; -1 once closed.
  private(set) var ours: [Int32] = []
  private var theirs: [Int32] = []

  /// Opens them; on failure, with the error number, nothing stays open.
  static func open() -> Result<ChildPipes, ChildStartFault.Errno> {
    var pipes = ChildPipes()
    for number in 0..<3 {
      var ends: [Int32] = [-1, -1]
      let code = nightshift_child_pipe(&ends)
      guard code == 0 else {
        pipes.closeAll()
        return .failure(ChildStartFault.Errno(code: code))
      }
      let (our, their) = number == 0 ? (ends[1], ends[0]) : (ends[0], ends[1])
      // Only our end: the child's is another open file, and programs expect theirs to block.
      _ = fcntl(our, F_SETFL, O_NONBLOCK)
      pipes.ours.append(our)
      pipes.theirs.append(their)
    }
    return .success(pipes)
  }

  /// The child's ends, in the order of its descriptors.
  var standard: [Int32] { theirs }

  /// Closes the child's ends here, so that the end of its output can be seen.
  mutating func closeTheirs() {
    for descriptor in theirs { close(descriptor) }
    theirs = []
  }

  mutating func closeOurs(_ number: Int) {
    guard ours[number] >= 0 else { return }
    close(ours[number])
    ours[number] = -1
  }

  mutating func closeAll() {
    closeTheirs()
    for number in ours.indices { closeOurs(number) }
  }
}

extension ChildStartFault {
  struct Errno: Error { let code: Int32 }
}
