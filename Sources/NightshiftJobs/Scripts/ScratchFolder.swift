import Foundation

/// The temporary folder of one attempt, with the file that tells the script about it.
final class ScratchFolder: @unchecked Sendable {
  // Used by one attempt at a time, to which the scratch space hands it: that is why it may be unchecked.

  let path: String
  var contextFile: String { "\(path)/\(Self.contextName)" }

  private static let contextName = ".nightshift.json"
  private let context: Int32
  private let listing: OpaquePointer
  private var contextSize = 0

  init(at path: String) throws {
    self.path = path
    guard mkdir(path, 0o700) == 0 else { throw ScratchSpaceError(folder: path, code: errno) }
    let file = "\(path)/\(Self.contextName)"
    context = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard context >= 0 else { throw ScratchSpaceError(folder: path, code: errno) }
    guard let listing = opendir(path) else {
      let code = errno
      close(context)
      throw ScratchSpaceError(folder: path, code: code)
    }
    self.listing = listing
  }

  deinit {
    closedir(listing)
    close(context)
  }

  func writeContext(_ bytes: [UInt8]) throws {
    guard pwrite(context, bytes, bytes.count, 0) == bytes.count,
      contextSize <= bytes.count || ftruncate(context, off_t(bytes.count)) == 0
    else { throw ScratchSpaceError(folder: path, code: errno) }
    contextSize = bytes.count
  }

  /// Whether a script has left the folder as it found it, down to the file that must not be shared with the
  /// next one.
  var isAsNew: Bool {
    var file = stat()
    var folder = stat()
    guard fstat(context, &file) == 0, fstat(dirfd(listing), &folder) == 0,
      file.st_mode & 0o7777 == 0o600, file.st_nlink == 1, Int(file.st_size) == contextSize,
      folder.st_mode & 0o7777 == 0o700
    else { return false }
    rewinddir(listing)
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      guard name == Self.contextName, entry.pointee.d_ino == file.st_ino else { return false }
    }
    return true
  }

  func remove() { ScratchSpace.remove(path) }
}
