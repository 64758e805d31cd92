import CChildProcess
import Foundation
import Nightshift

/// A file that a script has asked to keep.
struct ArtifactFile {
  /// The largest that is kept, as ``JobContext/attach(_:type:_:)`` has it.
  static let limit = 32 << 20

  let name: String
  let bytes: [UInt8]

  /// Reads the file, which must lie in one of the folders.
  ///
  /// It is opened one folder after the other and never through a symbolic link, so that no script, and nobody
  /// who may write into its folders, can have us read what the script itself may not.
  ///
  /// - Parameters:
  ///   - path: From one of the folders, or absolute and within one.
  ///   - folders: Where to look, in this order.
  init(_ path: String, in folders: [String]) throws {
    let components = path.split(separator: "/").map(String.init).filter { $0 != "." }
    guard let name = components.last, !components.contains("..") else {
      throw Self.refusal(path, "it must lie in the job's folder or in $TMPDIR, and be named without \"..\"")
    }
    self.name = name
    for folder in folders {
      guard let steps = Self.steps(path, components, in: folder) else { continue }
      guard let descriptor = try Self.open(steps, in: folder, path) else { continue }
      defer { close(descriptor) }
      bytes = try Self.read(descriptor, path)
      return
    }
    guard !path.hasPrefix("/") || folders.contains(where: { Self.steps(path, components, in: $0) != nil })
    else {
      throw Self.refusal(path, "it must lie in the job's folder or in $TMPDIR")
    }
    throw RetryableFailure("no artifact \"\(path)\": there is no such file in the job's folder or in $TMPDIR")
  }

  /// The steps from the folder to the file; `nil` if an absolute path leads elsewhere.
  private static func steps(_ path: String, _ components: [String], in folder: String) -> [String]? {
    guard path.hasPrefix("/") else { return components }
    let root = folder.split(separator: "/").map(String.init)
    guard components.count > root.count, Array(components[..<root.count]) == root else { return nil }
    return Array(components[root.count...])
  }

  private static func open(_ steps: [String], in folder: String, _ path: String) throws -> Int32? {
    var descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    for (index, step) in steps.enumerated() {
      let next = nightshift_open_beneath(descriptor, step, index < steps.count - 1 ? 1 : 0)
      let code = errno
      close(descriptor)
      guard next >= 0 else {
        if code == ENOENT || code == ENOTDIR && index < steps.count - 1 && !isLink(steps, index, folder) {
          return nil
        }
        if code == ELOOP || code == ENOTDIR {
          throw refusal(path, "it must not lead through a symbolic link")
        }
        throw RetryableFailure(
          "the artifact \"\(path)\" cannot be opened: \(String(cString: strerror(code)))")
      }
      descriptor = next
    }
    return descriptor
  }

  /// Whether this step is a symbolic link, which the system reports like a file where a folder should be.
  private static func isLink(_ steps: [String], _ index: Int, _ folder: String) -> Bool {
    var status = stat()
    let path = ([folder] + steps[...index]).joined(separator: "/")
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private static func read(_ descriptor: Int32, _ path: String) throws -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw refusal(path, "it must be a plain file")
    }
    guard status.st_size <= limit else {
      throw refusal(path, "it has \(status.st_size) bytes, and at most \(ByteSize.text(limit)) are kept")
    }
    let size = Int(status.st_size)
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let step = Foundation.read(descriptor, buffer.baseAddress! + count, size - count)
        if step > 0 { count += step }
        if step == 0 { return }
        if step < 0, errno != EINTR {
          failure = errno
          return
        }
      }
    }
    guard failure == 0 else {
      throw RetryableFailure("the artifact \"\(path)\" cannot be read: \(String(cString: strerror(failure)))")
    }
    return bytes
  }

  private static func refusal(_ path: String, _ reason: String) -> PermanentFailure {
    PermanentFailure("the artifact \"\(path)\" is refused: \(reason)")
  }
}
