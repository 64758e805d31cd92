import Foundation
import Nightshift
import Synchronization

/// The built `nightshift`, run as users do: in a folder of its own, with nothing of our environment.
struct Binary {
  struct Result: Sendable {
    var status: Int32
    var output: String
    var errors: String

    func json() throws -> JSONValue { try JSONValue(parsing: Array(output.utf8)) }
  }

  /// It lies beside the tests' own program.
  static let url = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "nightshift")

  let folder: TemporaryFolder
  var environment: [String: String] = [:]

  /// Runs a command to its end.
  func run(_ arguments: String...) async throws -> Result { try await run(arguments) }

  func run(_ arguments: [String]) async throws -> Result { try await start(arguments).end() }

  func start(_ arguments: [String]) throws -> RunningBinary {
    try RunningBinary(Self.url, arguments, in: folder, environment: environment)
  }

  /// Runs a line of shell, in which `$NIGHTSHIFT` is the binary.
  func shell(_ line: String) async throws -> Result {
    let environment = environment.merging(["NIGHTSHIFT": Self.url.path]) { $1 }
    return try await RunningBinary(URL(filePath: "/bin/sh"), ["-c", line], in: folder, environment: environment).end()
  }

  /// Starts a server and waits until it can be found.
  func serve(_ arguments: String...) async throws -> RunningBinary {
    let server = try start(["serve", "--listen", "127.0.0.1:0"] + arguments)
    let file = "\(folder.path)/nightshift-data/server.json"
    for _ in 0..<600 {
      if FileManager.default.fileExists(atPath: file) { return server }
      guard server.isRunning else { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw NoServer(errors: try await server.stop(SIGKILL).errors)
  }

  struct NoServer: Error { var errors: String }
}

/// A process of the binary; killed when it is forgotten.
final class RunningBinary: Sendable {
  private let process: Mutex<Process>
  private let outputFile: URL
  private let errorFile: URL
  private let ended: AsyncStream<Int32>

  fileprivate init(
    _ program: URL, _ arguments: [String], in folder: TemporaryFolder, environment: [String: String]
  ) throws {
    let files = URL(filePath: folder.path).appending(path: ".\(UUID().uuidString)")
    outputFile = files.appendingPathExtension("out")
    errorFile = files.appendingPathExtension("err")
    // Files and not pipes, which a process could fill while nobody reads.
    for file in [outputFile, errorFile] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder.path].merging(environment) {
      $1
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { process in
      let isSignal = process.terminationReason == .uncaughtSignal
      continuation.yield(isSignal ? 128 + process.terminationStatus : process.terminationStatus)
      continuation.finish()
    }
    ended = stream
    try process.run()
    self.process = Mutex(process)
  }

  deinit { process.withLock { if $0.isRunning { kill($0.processIdentifier, SIGKILL) } } }

  var pid: Int32 { process.withLock { $0.processIdentifier } }
  var isRunning: Bool { process.withLock { $0.isRunning } }

  /// What it has written to standard output so far.
  func text() throws -> String { try String(contentsOf: outputFile, encoding: .utf8) }

  /// What it has written to standard error so far.
  func log() throws -> String { try String(contentsOf: errorFile, encoding: .utf8) }

  func signal(_ number: Int32) { kill(pid, number) }

  func stop(_ number: Int32 = SIGTERM) async throws -> Binary.Result {
    signal(number)
    return try await end()
  }

  func end() async throws -> Binary.Result {
    var status: Int32 = -1
    for await value in ended { status = value }
    return Binary.Result(
      status: status, output: try String(contentsOf: outputFile, encoding: .utf8),
      errors: try String(contentsOf: errorFile, encoding: .utf8))
  }
}
