import Nightshift

/// Why an attempt failed, in one line.
enum FailureText {
  static func of(_ failure: JSONValue) -> String {
    let (type, message) = (failure.text("type"), failure.text("message"))
    guard !message.isEmpty else { return type }
    return repeats(type, message) ? message : "\(type): \(message)"
  }

  /// Whether the message says what the type does: `exit 64` and "exited with 64", `SIGKILL` and "was ended by SIGKILL".
  private static func repeats(_ type: String, _ message: String) -> Bool {
    guard type.hasPrefix("exit ") || type.hasPrefix("SIG") || type.hasPrefix("signal ") else { return false }
    guard let word = type.split(separator: " ").last else { return false }
    return message.split { !$0.isLetter && !$0.isNumber }.contains(word)
  }
}
