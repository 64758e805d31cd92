import CChildProcess
import Foundation

/// A child that has been started.
struct ChildStart {
  let pid: pid_t
  /// Becomes readable when it ends.
  let descriptor: Int32

  struct Failure: Error { let fault: ChildStartFault }

  static func start(_ launch: ChildLaunch, standard: [Int32]) -> Result<ChildStart, Failure> {
    let arguments = CStrings(launch.arguments)
    let environment = CStrings(launch.environment.map { "\($0)=\($1)" })
    defer {
      arguments.free()
      environment.free()
    }
    let limits = nightshift_child_limits(
      data_bytes: launch.resources.memory.map(Int64.init) ?? -1,
      cpu_seconds: launch.resources.cpu.map(Int64.init) ?? -1,
      open_files: Int64(launch.resources.openFiles))
    var pid: pid_t = 0
    var descriptor: Int32 = -1
    var step = nightshift_child_started
    let code = nightshift_child_start(
      launch.path, arguments.pointers, environment.pointers, launch.directory, standard, limits, &pid,
      &descriptor, &step)
    guard code == 0 else { return .failure(Failure(fault: ChildStartFault(step: Step(step), code: code))) }
    guard descriptor >= 0 else {
      // Out of descriptors: a child whose end cannot be seen is ended.
      kill(-pid, SIGKILL)
      while waitpid(pid, nil, 0) < 0, errno == EINTR {}
      return .failure(Failure(fault: ChildStartFault(step: .pipes, code: EMFILE)))
    }
    return .success(ChildStart(pid: pid, descriptor: descriptor))
  }

  private typealias Step = ChildStartFault.Step
}

extension ChildStartFault.Step {
  fileprivate init(_ step: nightshift_child_step) {
    switch step {
    case nightshift_child_directory: self = .directory
    case nightshift_child_exec: self = .exec
    case nightshift_child_fork: self = .fork
    default: self = .setup
    }
  }
}

/// Texts as C wants them: an array of pointers with a null at its end.
private struct CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ texts: [String]) {
    count = texts.count
    pointers = .allocate(capacity: count + 1)
    for (index, text) in texts.enumerated() { pointers[index] = strdup(text) }
    pointers[count] = nil
  }

  func free() {
    for index in 0..<count { Foundation.free(pointers[index]) }
    pointers.deallocate()
  }
}
