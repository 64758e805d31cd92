import Foundation
package import Logging
package import Nightshift
import Synchronization

/// Keeps the schedules that `scheduler.yaml` declares as the file has them.
///
/// A file that is broken or empty changes nothing: what it said before goes on. So does one that is not there: a process
/// on another machine may have none, and must not end the schedules of all. To end them, the file says `schedules: {}`.
package final class ScheduleFileWatch: Sendable {
  private struct State {
    /// The last state of the file that was acted upon.
    var fingerprint: JobFolder.Fingerprint?
    var problems: [ManifestProblem] = []
  }

  private let path: String
  private let engine: Engine
  private let logger: Logger
  private let state = Mutex(State())
  /// The largest file that is read: some ten thousand schedules.
  private static let sizeLimit = 8 << 20

  /// - Parameter path: The file. It need not exist yet.
  package init(path: String, engine: Engine, logger: Logger) {
    self.path = path
    self.engine = engine
    self.logger = logger
  }

  /// What is wrong with the file as it is now.
  package var problems: [ManifestProblem] { state.withLock { $0.problems } }

  /// Declares what is there now. Mistakes in the file are ``problems``, and no error; what the store refuses just now,
  /// as where its schema is yet to be migrated, ``run()`` tries again.
  package func load() async {
    do {
      try await apply(JobFolder.Fingerprint(of: path))
    } catch {
      logger.error("schedules could not be declared; trying again", metadata: ["error": "\(error)"])
    }
  }

  /// Follows changes of the file until its task is cancelled.
  package func run() async throws {
    // It is read once it has looked the same twice, so that no half-written one is taken for a broken one.
    var last = state.withLock { $0.fingerprint }
    while true {
      do { try await engine.clock.sleep(for: ScriptJobs.interval) } catch { return }
      let now = JobFolder.Fingerprint(of: path)
      if now == last, now != state.withLock({ $0.fingerprint }) {
        do {
          try await apply(now)
        } catch {
          // The store may be busy; nothing is lost, since the next look finds the same difference.
          logger.error("schedules could not be declared; trying again", metadata: ["error": "\(error)"])
          do { try await engine.clock.sleep(for: .seconds(10)) } catch { return }
        }
      }
      last = now
    }
  }

  private func apply(_ fingerprint: JobFolder.Fingerprint?) async throws {
    do {
      if let fingerprint {
        let file = try Self.read(path, size: fingerprint.size, engine.timelines)
        report(try await engine.declareSchedules(file.entries))
      } else if state.withLock({ $0.fingerprint }) != nil {
        logger.warning("the schedules file is gone; its schedules go on", metadata: ["file": "\(path)"])
      }
      state.withLock { $0 = State(fingerprint: fingerprint) }
    } catch let error as ManifestError {
      for problem in error.problems { logger.error("\(problem)") }
      state.withLock { $0 = State(fingerprint: fingerprint, problems: error.problems) }
    }
  }

  private func report(_ changes: DeclaredChanges) {
    for (word, names) in [("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)] {
      guard !names.isEmpty else { continue }
      let shown = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
      logger.info("schedules \(word)", metadata: ["count": "\(names.count)", "names": "\(shown)"])
    }
  }

  /// Reads a file without declaring anything.
  ///
  /// - Returns: `nil` if there is none.
  package static func check(path: String) throws(ManifestError) -> ScheduleFile? {
    guard let fingerprint = JobFolder.Fingerprint(of: path) else { return nil }
    return try read(path, size: fingerprint.size, ZoneTimelines())
  }

  private static func read(
    _ path: String, size: Int, _ timelines: ZoneTimelines
  ) throws(ManifestError) -> ScheduleFile {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    func fault(_ message: String) -> ManifestError { ManifestError([ManifestProblem(file: name, message: message)]) }
    guard size <= sizeLimit else { throw fault("the file is larger than \(ByteSize.text(sizeLimit))") }
    let bytes: Data
    do {
      bytes = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw fault("the file cannot be read: \(error.localizedDescription)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw fault("the file is not UTF-8") }
    return try ScheduleFile(parsing: text, file: name, timelines)
  }
}
