import Foundation
import Nightshift

/// Runs the script of one kind, one process for each attempt.
package struct ScriptRunner: Sendable {
  private let manifest: JobManifest
  /// The job's folder, absolute and free of symbolic links.
  private let folder: String
  private let environment: ScriptEnvironment
  private let scratch: ScratchSpace
  private let threads: ChildThreads
  private let grace: Duration

  init(
    manifest: JobManifest, folder: String, environment: ScriptEnvironment, scratch: ScratchSpace,
    threads: ChildThreads = ChildThreads(), grace: Duration = .seconds(5)
  ) {
    self.manifest = manifest
    self.folder = folder
    self.environment = environment
    self.scratch = scratch
    self.threads = threads
    self.grace = grace
  }

  /// Runs one attempt to its end and returns the result's JSON, if the script has printed one.
  ///
  /// When the surrounding task is cancelled, the script's process group gets TERM, and after five seconds
  /// KILL.
  package func run(
    _ attempt: ScriptAttempt, payload: [UInt8], reporter: any ScriptReporter
  ) async throws -> [UInt8]? {
    let temporary = try takeScratch(attempt)
    defer { scratch.giveBack(temporary) }
    let launch = try launch(attempt, payload: payload, temporary)
    var output = ScriptOutput(reporter: reporter, artifactFolders: [folder, temporary.path])
    let end = try await follow(ChildProcess(launch, on: threads), &output)
    if end == .stopped { throw ScriptStopped(errorTail: output.errorTail) }
    let exit = ScriptExit(
      end, errorTail: output.errorTail, retryAfter: output.retryAfter, resources: manifest.resources)
    if case .runAgain = exit { try await checkWhatItWaitsFor(output, reporter) }
    switch exit {
    case .completed:
      return try output.checkedResult()
    case .runAgain(let delay):
      throw Snooze.for(delay, reason: "exited with 75")
    case .permanent(let failure):
      throw PermanentFailureRecord(failure)
    case .retried(let failure):
      throw RetryableFailure(failure.message, type: failure.type, retryAfter: nil, detail: failure.detail)
    }
  }

  /// Returns if it waits for nothing but its time.
  private func checkWhatItWaitsFor(_ output: ScriptOutput, _ reporter: any ScriptReporter) async throws {
    // As a handler that lets it through: nobody will be asked again, and it would come back for ever.
    if let no = output.no { throw no }
    let again = Snooze.for(.zero, reason: "what it has asked was answered while it was running")
    if output.wasAnswered { throw again }
    if output.mustWait {
      reporter.parkForAsked()
      throw Parked()
    }
    switch try await reporter.waitForOpenQuestions() {
    case .open: throw Parked()
    case .answered: throw again
    case .none:
      if let refusal = output.refusal {
        throw PermanentFailure("exited with 75 to wait, and asked nobody: \(refusal)")
      }
    }
  }

  /// A full disk is no fault of the job: it waits, and uses up no attempt.
  private func takeScratch(_ attempt: ScriptAttempt) throws -> ScratchFolder {
    do {
      return try scratch.take(for: attempt)
    } catch let error as ScratchSpaceError where error.code == ENOSPC || error.code == EDQUOT {
      throw Snooze.for(.seconds(15), reason: error.description)
    }
  }

  private func launch(
    _ attempt: ScriptAttempt, payload: [UInt8], _ temporary: ScratchFolder
  ) throws -> ChildLaunch {
    let variables = environment.variables(
      attempt, manifest.environment, temporaryFolder: temporary.path, contextFile: temporary.contextFile)
    let command = CommandPath.resolve(manifest.command[0], in: variables["PATH"] ?? "", from: folder)
    switch command {
    case .failure(let error):
      throw PermanentFailureRecord(Failure(type: "command not found", message: error.message))
    case .success(let path):
      return ChildLaunch(
        path: path, arguments: manifest.command, environment: variables, directory: folder,
        input: payload.asOneLine, resources: manifest.resources, grace: grace)
    }
  }

  /// Follows a child to its end, whatever happens on the way: nothing may be left running after the attempt.
  private func follow(_ child: ChildProcess, _ output: inout ScriptOutput) async throws -> ChildEnd {
    var fault: (any Error)?
    var end: ChildEnd?
    await withTaskCancellationHandler {
      while end == nil {
        for event in await child.events.take() {
          do {
            switch event {
            case .output(let bytes) where fault == nil:
              try await output.takeOutput(bytes)
              // One that talks without end must not keep a thread of the pool to itself.
              await Task.yield()
            case .output: break
            case .error(let bytes): output.takeError(bytes)
            case .ended(let how): end = how
            }
          } catch {
            fault = error
            child.stop()
          }
        }
      }
    } onCancel: {
      child.stop()
    }
    if let fault { throw fault }
    try await output.finish()
    return end ?? .stopped
  }
}

/// A script that was asked to stop. Why, the engine knows.
struct ScriptStopped: Error, CustomStringConvertible {
  let errorTail: String

  var description: String {
    errorTail.isEmpty ? "The script was stopped." : "The script was stopped. Its last errors:\n\(errorTail)"
  }
}

extension [UInt8] {
  /// JSON on one line. In JSON a line break stands only between values, where a blank does as well.
  fileprivate var asOneLine: [UInt8] {
    var line = contains { $0 == 0x0A || $0 == 0x0D } ? map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } : self
    line.append(0x0A)
    return line
  }
}
