import Foundation
import NightshiftJobs

/// Writes a job's folder as a whole, so that a server that watches `jobs/` never sees half of one.
struct JobFolderWriter {
  let root: String
  let name: String

  var path: String { "\(root)/\(name)" }

  func write(_ files: [JobTemplate.File]) throws {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure("\(path) is there already. Choose another name, or move it away first.")
    }
    // Hidden folders are no jobs.
    let partial = "\(root)/.\(name).\(getpid())"
    do {
      for file in files { try write(file, in: partial) }
      try FileManager.default.moveItem(atPath: partial, toPath: path)
    } catch {
      // What was begun is of no use; that it may be left over changes nothing about the error.
      try? FileManager.default.removeItem(atPath: partial)
      throw CommandFailure("\(path) cannot be made: \(error.localizedDescription)")
    }
  }

  private func write(_ file: JobTemplate.File, in folder: String) throws {
    let url = URL(filePath: folder).appending(path: file.path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(file.contents.utf8).write(to: url)
    if file.isExecutable {
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: url.path)
    }
  }
}
