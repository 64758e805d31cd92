package import Foundation

/// A program that a test runs to its end, with what it said on both of its outputs.
///
/// Not Foundation's `Process`: it waits in a run loop, which holds one of the few threads that tasks have, and a run of
/// tests has hung there; another has crashed in it.
package struct Tool: Sendable {
  package var status: Int32
  package var text: String

  /// - Parameter arguments: The program, which is looked for in the `PATH`, and what follows it.
  /// - Throws: if it cannot be started, or its files cannot be written.
  package static func run(_ arguments: [String], input: Data = Data()) async throws -> Tool {
    let files = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: files) }  // what stays behind harms nobody
    // Files and not pipes, which other programs that start at the same moment would hold open too.
    let (from, to) = (files.appending(path: "in"), files.appending(path: "out"))
    try input.write(to: from)
    try Data().write(to: to)
    // `timeout` ends it, with status 124, should it wait for something that does not come.
    let pid = try spawn(["timeout", "120"] + arguments, from: from.path, to: to.path)
    let status: Int32 = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        var status: Int32 = -1
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        continuation.resume(returning: status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f))
      }
    }
    return Tool(status: status, text: try String(contentsOf: to, encoding: .utf8))
  }

  private static func spawn(_ arguments: [String], from input: String, to output: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let words = arguments.map { strdup($0) }
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, arguments[0], &actions, nil, words + [nil], environ)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT) }
    return pid
  }
}
