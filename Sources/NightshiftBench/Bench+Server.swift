import Foundation
import Nightshift

extension Bench {
  /// A server of the same binary that has nothing to do: how soon it is ready, what it uses.
  func idleServer(executable: String) async throws -> [Figure] {
    let data = "\(folder)/idle"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = ["serve", "--data", data, "--jobs", "\(folder)/none", "--listen", "127.0.0.1:0"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let start = ContinuousClock.now
    try process.run()
    defer { process.terminate() }
    // `server.json` is written when the port is open and the store is migrated.
    while !FileManager.default.fileExists(atPath: "\(data)/server.json") {
      guard process.isRunning, ContinuousClock.now - start < .seconds(30) else {
        throw BenchmarkError("the idle server did not start")
      }
      try await Task.sleep(for: .milliseconds(1))
    }
    let ready = (ContinuousClock.now - start).seconds * 1000
    try await Task.sleep(for: .seconds(5))
    let before = try cpuTicks(process.processIdentifier)
    let span = 20.0
    try await Task.sleep(for: .seconds(span))
    let ticks = Double(try cpuTicks(process.processIdentifier) - before)
    return [
      .bounded("server: start to ready", ready, "ms", below: 200),
      .bounded("server, idle: CPU", ticks / Double(sysconf(Int32(_SC_CLK_TCK))) / span * 100, "%", below: 0.2),
      .bounded("server, idle: resident memory", try residentMiB(process.processIdentifier), "MiB", below: 50),
    ]
  }

  /// User and system time, in clock ticks: fields 14 and 15 of `/proc/PID/stat`.
  private func cpuTicks(_ pid: Int32) throws -> Int {
    let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    let fields = stat[stat.lastIndex(of: ")")!...].split(separator: " ")
    guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else {
      throw BenchmarkError("/proc/\(pid)/stat cannot be read")
    }
    return user + system
  }

  private func residentMiB(_ pid: Int32) throws -> Double {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
    guard let kibibytes else { throw BenchmarkError("/proc/\(pid)/status cannot be read") }
    return kibibytes / 1024
  }
}
