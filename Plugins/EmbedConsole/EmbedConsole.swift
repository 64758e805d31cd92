import Foundation
import PackagePlugin

/// Puts the console's templates and assets into the binary, as one Swift file of string literals.
@main struct EmbedConsole: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let console = target.directoryURL.appending(path: "Console")
    let folders = ["Templates", "Assets"].map { console.appending(path: $0) }
    let inputs = try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { !$0.lastPathComponent.hasPrefix(".") }
        .sorted { $0.path < $1.path }
    }
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
    return [
      .buildCommand(
        displayName: "Embedding the console's \(inputs.count) files",
        executable: try context.tool(named: "embed-files").url,
        arguments: [output.path] + inputs.map(\.path), inputFiles: inputs, outputFiles: [output])
    ]
  }
}
