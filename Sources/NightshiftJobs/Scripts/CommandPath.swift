import Foundation

/// Finds the file of a command, as a shell would.
enum CommandPath {
  /// The program's file.
  ///
  /// - Parameters:
  ///   - name: With a slash it is a path from `folder`, without one it is looked up in `path`.
  ///   - path: The script's own `PATH`, not ours.
  /// - Returns: The file; a message for people when there is none that can be run.
  static func resolve(_ name: String, in path: String, from folder: String) -> Result<String, NotFound> {
    if name.utf8.contains(UInt8(ascii: "/")) {
      let file = name.hasPrefix("/") ? name : "\(folder)/\(name)"
      if isProgram(file) { return .success(file) }
      let reason = access(file, F_OK) == 0 ? "cannot be executed (chmod +x?)" : "not found"
      return .failure(NotFound(message: "command \(reason): \(file)"))
    }
    for directory in path.split(separator: ":") {
      let file = "\(directory)/\(name)"
      if isProgram(file) { return .success(file) }
    }
    let remedy = isProgram("\(folder)/\(name)") ? "; for the one in the job's folder write ./\(name)" : ""
    return .failure(NotFound(message: "command not found: \(name), looked in PATH \(path)\(remedy)"))
  }

  struct NotFound: Error, Hashable { let message: String }

  private static func isProgram(_ file: String) -> Bool {
    // A folder is "executable" too.
    guard access(file, X_OK) == 0 else { return false }
    var status = stat()
    return stat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}
