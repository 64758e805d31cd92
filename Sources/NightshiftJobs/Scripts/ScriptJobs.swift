import Foundation
package import Logging
package import Nightshift
import Synchronization

/// The script jobs of one folder: each folder in it with a `job.yaml` is a kind.
///
/// A manifest that is broken changes nothing: what it said before stays registered, and ``problems`` tells
/// what is wrong with it.
package final class ScriptJobs: Sendable {
  private struct State {
    /// The last scan that was acted upon.
    var folders: [JobFolder]?
    /// What is registered, by the name of its folder.
    var registered: [String: JobManifest] = [:]
    var problems: [ManifestProblem] = []
  }

  private let root: String
  private let registry: any KindRegistry
  private let environment: ScriptEnvironment
  private let scratch: ScratchSpace
  private let threads = ChildThreads()
  private let reserved: Set<JobKind>
  private let clock: any WallClock
  private let logger: Logger
  private let state = Mutex(State())

  /// How often the folder is looked at. A look costs one system call for each job, and reads no file that has
  /// not changed. Asking the kernel to tell (inotify) would be as cheap, but says nothing on network file
  /// systems and for folders that are mounted into a container.
  package static let interval = Duration.seconds(1)

  /// - Parameters:
  ///   - folder: The folder with the jobs' folders. It need not exist yet.
  ///   - reserved: Kinds that no script may take.
  package init(
    folder: String, registry: any KindRegistry, environment: ScriptEnvironment, scratch: ScratchSpace,
    reserved: Set<JobKind> = BuiltInKinds.all, clock: any WallClock, logger: Logger
  ) {
    root = folder
    self.registry = registry
    self.environment = environment
    self.scratch = scratch
    self.reserved = reserved
    self.clock = clock
    self.logger = logger
  }

  /// What is wrong with the manifests as they are now, in the order of their folders.
  package var problems: [ManifestProblem] { state.withLock { $0.problems } }

  /// The kinds that are registered, each with its folder's name.
  package var kinds: [(folder: String, kind: JobKind)] {
    state.withLock { $0.registered.map { ($0.key, $0.value.kind) }.sorted { $0.0 < $1.0 } }
  }

  /// Registers what is there now. Call it once before ``run()``, so that no job finds its kind missing.
  ///
  /// - Throws: What the registry throws. Mistakes in manifests are ``problems``, and no error.
  package func load() async throws { try await apply(scan()) }

  /// Follows changes in the folder until its task is cancelled.
  package func run() async throws {
    // A folder is read once it has looked the same twice, so that no half-written one is taken for a broken
    // one.
    var last = state.withLock { $0.folders } ?? []
    while true {
      do { try await clock.sleep(for: Self.interval) } catch { return }
      let now = scan()
      if now == last, now != state.withLock({ $0.folders }) {
        do {
          try await apply(now)
        } catch {
          // The store may be busy; nothing is lost, since the next look finds the same difference.
          logger.error("script jobs could not be registered", metadata: ["error": "\(error)"])
        }
      }
      last = now
    }
  }

  private func scan() -> [JobFolder] {
    do {
      return try JobFolder.all(in: root)
    } catch {
      // A folder that does not exist has no jobs, which is how every installation begins.
      if !FileManager.default.fileExists(atPath: root) { return [] }
      return state.withLock { $0.folders } ?? []
    }
  }

  private func apply(_ folders: [JobFolder]) async throws {
    let before = state.withLock { $0.registered }
    let plan = ManifestPlan(folders: folders, root: root, before: before, reserved: reserved)
    for (folder, manifest) in plan.removed {
      try await registry.unregister(manifest.kind)
      logger.info("script job removed", metadata: ["kind": "\(manifest.kind)", "folder": "\(folder)"])
    }
    for (folder, manifest) in plan.changed {
      try await registry.register(registration(manifest, in: folder))
      logger.info(
        "script job registered", metadata: ["kind": "\(manifest.kind)", "folder": "\(folder.name)"])
    }
    let known = state.withLock { state in
      defer {
        // Only now: had a registration failed, the next look would try all of them again, which does no harm.
        state.folders = folders
        state.registered = plan.kept
        state.problems = plan.problems
      }
      return Set(state.problems)
    }
    for problem in plan.problems where !known.contains(problem) { logger.error("\(problem)") }
  }

  private func registration(_ manifest: JobManifest, in folder: JobFolder) -> KindRegistration {
    let runner = ScriptRunner(
      manifest: manifest, folder: RealPath.of(folder.path), environment: environment, scratch: scratch,
      threads: threads)
    return KindRegistration(
      kind: manifest.kind, options: manifest.options, source: ManifestPlan.file(in: folder.name, root),
      schema: manifest.schema, runsOutside: true
    ) { context, payload in
      var attempt: ScriptAttempt
      do {
        attempt = ScriptAttempt(context, slot: try await context.slotTime.map(Timestamp.init))
        attempt.dependencies = try await context.dependenciesJSON()
        attempt.flow = try await context.flowSoFar()
        for name in manifest.secrets { attempt.secrets[name] = try await context.secret(name) }
      } catch let error as StoreError where error.code == .unavailable {
        // No fault of the job's: it waits, and uses up no attempt.
        throw Snooze.for(.seconds(5), reason: error.description)
      }
      return try await runner.run(attempt, payload: payload, reporter: context)
    }
  }
}
