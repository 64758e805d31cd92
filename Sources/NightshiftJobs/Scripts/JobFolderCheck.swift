import Foundation
package import Nightshift

/// Looks at a folder of script jobs without registering anything, for `nightshift doctor`.
package struct JobFolderCheck: Sendable {
  /// The kinds whose manifests are right.
  package private(set) var kinds: [JobKind] = []
  /// What is wrong with manifests, and commands that cannot be run.
  package private(set) var problems: [ManifestProblem] = []

  /// - Parameters:
  ///   - root: The folder with the jobs' folders.
  ///   - searchPath: The `PATH` that scripts get.
  /// - Throws: Why the folder cannot be read.
  package init(root: String, searchPath: String) throws {
    let folders = try JobFolder.all(in: root)
    let plan = ManifestPlan(folders: folders, root: root, before: [:], reserved: BuiltInKinds.all)
    problems = plan.problems
    for (folder, manifest) in plan.changed {
      kinds.append(manifest.kind)
      guard let program = manifest.command.first,
        case .failure(let missing) = CommandPath.resolve(program, in: searchPath, from: folder.path)
      else { continue }
      problems.append(
        ManifestProblem(file: ManifestPlan.file(in: folder.name, root), message: missing.message))
    }
  }
}
