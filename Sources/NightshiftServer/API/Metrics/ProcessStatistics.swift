import Foundation

/// What the kernel knows of this process. What cannot be read is left out.
struct ProcessStatistics {
  var residentBytes: Double?
  var processorSeconds: Double?
  var startedAt: Double?
  var openFiles: Double?

  init() {
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    // The name stands in parentheses and may hold spaces, so fields are counted from behind it.
    let fields = Self.contents(of: "/proc/self/stat")?.split(separator: ")").last?.split(separator: " ") ?? []
    if fields.count > 21, ticks > 0 {
      processorSeconds = Double(fields[11]).flatMap { user in Double(fields[12]).map { (user + $0) / ticks } }
      residentBytes = Double(fields[21]).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
      let boot = Self.contents(of: "/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
      let bootTime = boot?.split(separator: " ").last.flatMap { Double($0) }
      startedAt = Double(fields[19]).flatMap { start in bootTime.map { $0 + start / ticks } }
    }
    // Not every system has this folder; then the number is left out like the others.
    openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map {
      Double($0.count)
    }
  }

  private static func contents(of path: String) -> String? {
    // As above: a system without /proc has no such numbers.
    try? String(contentsOfFile: path, encoding: .utf8)
  }
}
