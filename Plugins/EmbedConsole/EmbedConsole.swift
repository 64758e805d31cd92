import Foundation
import PackagePlugin

/// Puts the console's templates and assets, and the description of the API, into the binary: as one Swift file of string
/// literals, so that there is one source of each.
@main struct EmbedConsole: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let console = target.directoryURL.appending(path: "Console")
    let folders = ["Templates", "Assets"].map { console.appending(path: $0) }
    let files = try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { !$0.lastPathComponent.hasPrefix(".") }
        .sorted { $0.path < $1.path }
    }
    let inputs = files + [context.package.directoryURL.appending(path: "docs/openapi.yaml")]
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
    return [
      .buildCommand(
        displayName: "Embedding the console's \(inputs.count) files",
        executable: try context.tool(named: "embed-files").url,
        arguments: [output.path] + inputs.map(\.path), inputFiles: inputs, outputFiles: [output])
    ]
  }
}
