import CFlightRecorder
import Foundation

/// Notes which handlers are under way, in a file that outlives the process.
///
/// After a death the next process reads it: a job is blamed only if its handler had begun and there is evidence that
/// the process fell by its own hand: a fatal signal, a call of `exit`, the kernel's out-of-memory killer. An outside
/// `kill -9`, a reboot or a shutdown blames nobody.
final class FlightRecorder: Sendable {
  let path: String
  // Written through atomic stores only, by C code that says so.
  private nonisolated(unsafe) let recorder: OpaquePointer

  init(path: String, slots: Int, witnessesSignals: Bool) throws(ConfigurationError) {
    guard let recorder = nightshift_recorder_create(path, Int64(slots), Self.outOfMemoryKills()) else {
      throw ConfigurationError(
        "The notes of running jobs cannot be kept at \(path): \(String(cString: strerror(errno))). "
          + "Make its folder writable.")
    }
    self.path = path
    self.recorder = recorder
    if witnessesSignals { nightshift_recorder_witness(recorder) }
  }

  func begin(_ job: JobID, slot: Int) { set(slot, job.rawValue) }
  func end(slot: Int) { set(slot, 0) }

  /// The worker has ended in good order: nothing that comes after blames a job.
  func close() {
    nightshift_recorder_set(recorder, Int64(nightshift_cell_clean), 1)
    // The memory stays mapped until the process ends: a signal handler may still write to it.
    unlink(path)
  }

  private func set(_ slot: Int, _ value: Int64) {
    nightshift_recorder_set(recorder, Int64(nightshift_cell_first_slot) + Int64(slot), value)
  }

  /// How many processes the kernel has killed for want of memory since the machine started.
  fileprivate static func outOfMemoryKills() -> Int64 {
    // Without the file nothing can be known, and nobody is blamed.
    guard let text = try? String(contentsOfFile: "/proc/vmstat", encoding: .utf8) else { return 0 }
    let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
    return line.flatMap { Int64($0.dropFirst(9)) } ?? 0
  }
}

/// What a dead process's recorder tells.
struct FlightReport {
  /// The jobs whose handlers had begun, if there is evidence that the process fell by its own hand.
  var blamed: Set<JobID> = []
  /// How it ended, for people.
  var cause: String

  static func remove(path: String?) {
    if let path { unlink(path) }
  }

  /// Reads the file; without one nobody is blamed.
  static func read(path: String?) -> FlightReport {
    let unknown = FlightReport(cause: "its process ended without a word")
    guard let path, let data = FileManager.default.contents(atPath: path) else { return unknown }
    let cells = data.withUnsafeBytes { Array($0.bindMemory(to: Int64.self)) }
    let first = nightshift_cell_first_slot
    guard cells.count >= first, cells[0] == 0x5448_4749_4c46_534e else { return unknown }
    guard let cause = cause(cells) else { return unknown }
    return FlightReport(
      blamed: Set(cells[first...].filter { $0 != 0 }.map(JobID.init(rawValue:))), cause: cause)
  }

  private static func cause(_ cells: [Int64]) -> String? {
    guard cells[nightshift_cell_clean] == 0 else { return nil }
    let cause = cells[nightshift_cell_cause]
    if cause > 0 { return "its process died of signal \(cause) (\(String(cString: strsignal(Int32(cause)))))" }
    if cause < 0 { return "its process called exit while handlers were running" }
    if FlightRecorder.outOfMemoryKills() > cells[nightshift_cell_oom_kills] {
      return "its process was killed, and the kernel reports that it ran out of memory"
    }
    let witnessed = cells[nightshift_cell_witnessed] == 1
    return witnessed ? nil : "its process died, and its signals were not witnessed"
  }
}
