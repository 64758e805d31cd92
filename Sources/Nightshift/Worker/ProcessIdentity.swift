import Foundation

/// What tells one process from every other, also from one that later gets the same number.
struct ProcessIdentity: Sendable, Hashable {
  var host: String
  /// Changes with each start of the machine.
  var boot: String
  var pidNamespace: String
  var pid: Int
  /// When the process started, in clock ticks since boot.
  var start: Int

  enum Life {
    case alive
    case dead
    /// The machine has been started anew since: dead, but through no fault of its own.
    case rebooted
    /// On another host, or behind another process namespace: only its lease can tell.
    case unknown
  }

  static func current() -> ProcessIdentity {
    let pid = Int(getpid())
    return ProcessIdentity(
      host: hostName(), boot: line(of: "/proc/sys/kernel/random/boot_id"),
      pidNamespace: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? "",
      pid: pid, start: startTicks(of: pid) ?? 0)
  }

  /// The kernel's name for this host. Not Foundation's, which asks the network for it.
  private static func hostName() -> String {
    line(of: "/proc/sys/kernel/hostname")
  }

  /// Whether `other` still runs, as far as this process can know.
  func life(of other: ProcessIdentity) -> Life {
    guard host == other.host else { return .unknown }
    guard boot == other.boot else { return .rebooted }
    guard pidNamespace == other.pidNamespace, !boot.isEmpty else { return .unknown }
    return Self.startTicks(of: other.pid) == other.start ? .alive : .dead
  }

  /// Field 22 of `/proc/PID/stat`; `nil` if there is no such process or it is only waiting to be buried.
  private static func startTicks(of pid: Int) -> Int? {
    let stat = line(of: "/proc/\(pid)/stat")
    // The second field is the program's name in parentheses, and may hold anything.
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return Int(fields[19])
  }

  private static func line(of path: String) -> String {
    // A file that is not there says that the process is not there.
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer[..<count], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
