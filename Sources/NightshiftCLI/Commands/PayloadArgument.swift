import Foundation
import Nightshift
import NightshiftJobs

/// A payload on the command line: JSON itself, `@FILE`, or `-` for standard input.
enum PayloadArgument {
  /// More than any server takes; it keeps a slip such as `@/dev/zero` from filling the memory.
  private static let limit = 64 << 20

  /// - Parameter name: What the argument is called, for the message.
  static func read(_ argument: String, as name: String = "the payload") throws(CommandFailure) -> JSONValue {
    if argument == "-" { return try parse(try contents("/dev/stdin"), "standard input") }
    if argument.hasPrefix("@") {
      let path = String(argument.dropFirst())
      return try parse(try contents(path), path)
    }
    return try parse(Array(argument.utf8), name)
  }

  /// A file, or `-` for standard input, with JSON or YAML.
  static func document(_ path: String) throws(CommandFailure) -> JSONValue {
    let bytes = try contents(path == "-" ? "/dev/stdin" : path)
    let name = path == "-" ? "standard input" : path
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure("\(name) is not UTF-8.", status: ExitStatus.usage)
    }
    // JSON is YAML, but for large numbers and the like read by its own rules. What is none may be YAML all the same, and
    // if that fails too it is YAML's error that is told.
    if let value = try? JSONValue(parsing: bytes) { return value }
    do throws(ManifestError) {
      return try YAMLDocument.json(text, file: name)
    } catch {
      throw CommandFailure(error.problems.map(\.description).joined(separator: "\n"), status: ExitStatus.usage)
    }
  }

  private static func contents(_ path: String) throws(CommandFailure) -> [UInt8] {
    do {
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      let data = try file.read(upToCount: limit + 1) ?? Data()
      guard data.count <= limit else {
        throw CommandFailure("\(path) is larger than \(limit >> 20) MiB, which no payload may be.")
      }
      return Array(data)
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure("\(path) cannot be read. Check that it is there and may be read.")
    }
  }

  private static func parse(_ bytes: [UInt8], _ name: String) throws(CommandFailure) -> JSONValue {
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw CommandFailure(
        "\(name) is no JSON: \(error). Quote it for the shell: '{\"key\": \"value\"}'.",
        status: ExitStatus.usage)
    }
  }
}
