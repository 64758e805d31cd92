import Foundation
import Nightshift

/// What has to change so that the registered kinds are those of the folders.
struct ManifestPlan {
  private(set) var removed: [(folder: String, manifest: JobManifest)] = []
  private(set) var changed: [(folder: JobFolder, manifest: JobManifest)] = []
  /// All that are registered afterwards, by folder.
  private(set) var kept: [String: JobManifest] = [:]
  private(set) var problems: [ManifestProblem] = []

  /// The largest manifest that is read.
  private static let sizeLimit = 256 << 10

  /// - Parameters:
  ///   - before: What is registered, by folder.
  ///   - reserved: Kinds that no script may take.
  init(folders: [JobFolder], root: String, before: [String: JobManifest], reserved: Set<JobKind>) {
    var owners: [JobKind: String] = [:]
    for folder in folders where folder.fingerprint != nil {
      guard let manifest = read(folder, root) ?? before[folder.name] else { continue }
      if let owner = owners[manifest.kind] {
        report(
          folder, root,
          "the kind `\(manifest.kind)` is already that of \(owner); give one of them another `kind`")
      } else if reserved.contains(manifest.kind) {
        report(folder, root, "the kind `\(manifest.kind)` is built in; give the job another `kind`")
      } else {
        owners[manifest.kind] = Self.file(in: folder.name, root)
        kept[folder.name] = manifest
        if before[folder.name] != manifest { changed.append((folder, manifest)) }
      }
    }
    // A kind that has only moved to another folder stays registered: it is registered anew above.
    removed = before.filter { kept[$0.key]?.kind != $0.value.kind && owners[$0.value.kind] == nil }
      .map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
  }

  /// The manifest as people call it: `jobs/report/job.yaml`.
  static func file(in folder: String, _ root: String) -> String {
    let name = root.split(separator: "/").last.map(String.init) ?? root
    return "\(name)/\(folder)/\(JobFolder.manifestName)"
  }

  private mutating func read(_ folder: JobFolder, _ root: String) -> JobManifest? {
    let file = Self.file(in: folder.name, root)
    guard (folder.fingerprint?.size ?? 0) <= Self.sizeLimit else {
      report(folder, root, "the manifest is larger than \(ByteSize.text(Self.sizeLimit))")
      return nil
    }
    do {
      let bytes = try Data(contentsOf: URL(filePath: "\(folder.path)/\(JobFolder.manifestName)"))
      guard let text = String(validating: bytes, as: UTF8.self) else {
        report(folder, root, "the manifest is not UTF-8")
        return nil
      }
      return try JobManifest(parsing: text, file: file, folder: folder.name)
    } catch let error as ManifestError {
      problems += error.problems
    } catch {
      report(folder, root, "the manifest cannot be read: \(error.localizedDescription)")
    }
    return nil
  }

  private mutating func report(_ folder: JobFolder, _ root: String, _ message: String) {
    problems.append(ManifestProblem(file: Self.file(in: folder.name, root), message: message))
  }
}
