import Foundation

/// One folder of a job, as it was found.
struct JobFolder: Hashable {
  let name: String
  let path: String
  /// What tells one state of the manifest from another. `nil` when there is no manifest.
  let fingerprint: Fingerprint?

  struct Fingerprint: Hashable {
    var device: UInt
    var file: UInt
    var size: Int
    var modified: [UInt8]
    var changed: [UInt8]
  }

  static let manifestName = "job.yaml"

  /// The folders in `root`, in the order of their names. Hidden ones are not looked at.
  static func all(in root: String) throws -> [JobFolder] {
    let names = try FileManager.default.contentsOfDirectory(atPath: root)
    return names.filter { !$0.hasPrefix(".") }.sorted().compactMap { name in
      let path = "\(root)/\(name)"
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
      return JobFolder(name: name, path: path, fingerprint: Fingerprint(of: "\(path)/\(manifestName)"))
    }
  }
}

extension JobFolder.Fingerprint {
  /// `nil` if there is no such file.
  init?(of file: String) {
    var status = stat()
    guard stat(file, &status) == 0 else { return nil }
    // The moments as bytes: they are only compared, and a build with Swift's static libraries does not see the fields
    // of `timespec` (it takes another module for the one that defines them).
    self.init(
      device: UInt(status.st_dev), file: UInt(status.st_ino), size: Int(status.st_size),
      modified: withUnsafeBytes(of: status.st_mtim, Array.init),
      changed: withUnsafeBytes(of: status.st_ctim, Array.init))
  }
}
