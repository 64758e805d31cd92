import Foundation

/// Child processes of a worker that died. They go on without it, and must be ended before their jobs run again.
enum OrphanedChildren {
  /// The variable in their environment that names the worker.
  static let variable = "NIGHTSHIFT_WORKER"

  /// Kills the process groups of all that carry the worker's name, and tells how many there were.
  @discardableResult
  static func end(of worker: WorkerID) -> Int {
    let mark = Array("\(variable)=\(worker)".utf8)
    // A process that has ended while we look has no folder any more.
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var ended = 0
    for pid in entries.compactMap(Int32.init) where pid != getpid() {
      guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { continue }
      guard environment.split(separator: 0).contains(where: { $0.elementsEqual(mark) }) else { continue }
      // Its own group if it leads one, as our children do; never the group that we are in.
      let group = getpgid(pid)
      if group > 1 && group != getpgrp() { kill(-group, SIGKILL) } else { kill(pid, SIGKILL) }
      ended += 1
    }
    return ended
  }
}
