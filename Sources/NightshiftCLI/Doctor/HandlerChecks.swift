import Foundation
import NightshiftJobs

/// What `doctor` looks at in the folder of script jobs.
enum HandlerChecks {
  static func all(folder: String) -> [Finding] {
    // Most stores have no script jobs, and the default folder need not be there.
    guard FileManager.default.fileExists(atPath: folder) else {
      return [.fine("script jobs", "none: there is no folder \(folder)")]
    }
    let check: JobFolderCheck
    do {
      let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
      check = try JobFolderCheck(root: folder, searchPath: path)
    } catch {
      return [
        .wrong(
          "script jobs", "\(folder) cannot be read: \(error.localizedDescription)", "check its owner and mode"
        )
      ]
    }
    let broken = check.problems.map { problem in
      Finding.wrong("script job", "\(problem)", "correct it; a running server takes it up within seconds")
    }
    return [.fine("script jobs", "\(Count.text(check.kinds.count, "kind")) in \(folder)")] + broken
  }

  /// What `doctor` looks at in the schedules file.
  static func schedules(path: String) -> [Finding] {
    do throws(ManifestError) {
      guard let file = try ScheduleFileWatch.check(path: path) else {
        return [.fine("schedules", "none declared: there is no file \(path)")]
      }
      return [.fine("schedules", "\(Count.text(file.entries.count, "schedule")) in \(path)")]
    } catch {
      return error.problems.map { problem in
        .wrong("schedules", "\(problem)", "correct it; a running server takes it up within seconds")
      }
    }
  }
}
