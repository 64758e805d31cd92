import CChildProcess
import Foundation
import Nightshift

/// Starts one child and follows it to its end, on the calling thread.
struct ChildWatch {
  private let launch: ChildLaunch
  private let wake: ChildWake
  private let pid: pid_t
  private let exit: Int32
  private var pipes: ChildPipes
  private let events: ChildEvents

  private var unwritten: ArraySlice<UInt8>
  private var outputLeft: Int
  private var hasExceededOutput = false
  private var killAt: ContinuousClock.Instant?
  private var isStopping = false

  /// Runs the program, hands on what it writes, and returns when it and what it left in its group are gone.
  static func run(_ launch: ChildLaunch, wake: ChildWake, events: ChildEvents) -> ChildEnd {
    // Writing to a child that has closed its standard input must not end our process.
    var blocked = sigset_t()
    sigemptyset(&blocked)
    sigaddset(&blocked, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &blocked, nil)

    guard wake.descriptor >= 0 else { return .notStarted(ChildStartFault(step: .pipes, code: EMFILE)) }
    switch ChildPipes.open() {
    case .failure(let error):
      return .notStarted(ChildStartFault(step: .pipes, code: error.code))
    case .success(var pipes):
      let started = ChildStart.start(launch, standard: pipes.standard)
      pipes.closeTheirs()
      switch started {
      case .failure(let error):
        pipes.closeAll()
        return .notStarted(error.fault)
      case .success(let child):
        var watch = ChildWatch(launch, wake: wake, child: child, pipes: pipes, events: events)
        return watch.run()
      }
    }
  }

  private init(
    _ launch: ChildLaunch, wake: ChildWake, child: ChildStart, pipes: ChildPipes, events: ChildEvents
  ) {
    self.launch = launch
    self.wake = wake
    pid = child.pid
    exit = child.descriptor
    self.pipes = pipes
    self.events = events
    unwritten = launch.input[...]
    outputLeft = launch.resources.output
  }

  private mutating func run() -> ChildEnd {
    // Freeing more than this at once makes the C library tidy up its whole heap.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 10, alignment: 16)
    defer { buffer.deallocate() }
    // It very likely fits into the pipe, which spares a turn of `poll`.
    writeInput()
    while !hasEnded(buffer) {}
    // What it wrote before it ended may still be in the pipes. They hold 64 KiB unless somebody has enlarged them; what
    // it has left running may write on and on.
    for number in [1, 2] {
      var turns = 0
      while turns < Self.mostLastReads, read(number, into: buffer) { turns += 1 }
    }
    pipes.closeAll()
    close(exit)

    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    endGroup()
    endStrays()
    if hasExceededOutput { return .exceededOutput }
    if isStopping { return .stopped }
    let signal = status & 0x7F
    return signal == 0 ? .exited(code: (status >> 8) & 0xFF) : .signalled(signal)
  }

  /// Waits for the next thing to happen and deals with it; true when the child has ended.
  private mutating func hasEnded(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
    let hasRoom = events.hasRoom
    var waiting = [
      pollfd(fd: pipes.ours[0], events: Int16(POLLOUT), revents: 0),
      pollfd(fd: hasRoom ? pipes.ours[1] : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: hasRoom ? pipes.ours[2] : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: exit, events: Int16(POLLIN), revents: 0),
      pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    // Interrupted or out of memory: nothing is marked, and the next turn tries again.
    guard poll(&waiting, nfds_t(waiting.count), timeout()) >= 0 else { return false }
    if waiting[4].revents != 0 {
      wake.reset()
      if wake.isStopRequested { stop() }
    }
    if let killAt, killAt <= .now {
      kill(-pid, SIGKILL)
      self.killAt = nil
    }
    if waiting[0].revents != 0 { writeInput() }
    if waiting[1].revents != 0 { read(1, into: buffer) }
    if waiting[2].revents != 0 { read(2, into: buffer) }
    return waiting[3].revents != 0
  }

  /// Milliseconds until the group is to be killed; -1 for ever.
  private func timeout() -> Int32 {
    guard let killAt else { return -1 }
    return Int32(clamping: max(0, (killAt - .now).microseconds / 1000 + 1))
  }

  private mutating func stop() {
    guard !isStopping else { return }
    isStopping = true
    killAt = .now + launch.grace
    kill(-pid, SIGTERM)
    StrayProcesses(environment: launch.environment)?.signal(SIGTERM)
  }

  private mutating func writeInput() {
    while !unwritten.isEmpty {
      let count = unwritten.withUnsafeBytes { write(pipes.ours[0], $0.baseAddress, $0.count) }
      if count > 0 {
        unwritten.removeFirst(count)
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        // The child reads no more, which is its right.
        break
      }
    }
    pipes.closeOurs(0)
  }

  /// Reads what is there, at most a buffer of it: whoever writes without end must not keep us from looking up.
  ///
  /// - Returns: Whether there may be more.
  @discardableResult
  private mutating func read(_ number: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    while pipes.ours[number] >= 0 {
      let count = Foundation.read(pipes.ours[number], buffer.baseAddress, buffer.count)
      if count > 0 {
        take(number, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count == buffer.count
      } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
        pipes.closeOurs(number)
      } else if errno == EAGAIN {
        return false
      }
    }
    return false
  }

  private mutating func take(_ number: Int, _ bytes: UnsafeRawBufferPointer) {
    guard !hasExceededOutput else { return }
    outputLeft -= bytes.count
    guard outputLeft >= 0 else {
      hasExceededOutput = true
      kill(-pid, SIGKILL)
      return
    }
    events.put(number == 1 ? .output(Array(bytes)) : .error(Array(bytes)))
  }

  /// Ends what the child has left running in its group, which would otherwise work on after its job.
  ///
  /// The child was reaped, but no new process can get its number while the group has members, and numbers are
  /// given out in turn, so that an empty group is not mistaken for another.
  private func endGroup() {
    guard isGroupAlive else { return }
    if !isStopping { kill(-pid, SIGTERM) }
    let end = killAt ?? .now + launch.grace
    while !hasExceededOutput, ContinuousClock.now < end {
      poll(nil, 0, 10)
      guard isGroupAlive else { return }
    }
    kill(-pid, SIGKILL)
  }

  /// Ends what a script that was stopped has started outside of its group. They have as long as the group has.
  private func endStrays() {
    guard isStopping || hasExceededOutput, let strays = StrayProcesses(environment: launch.environment) else { return }
    let end = killAt ?? .now
    while ContinuousClock.now < end {
      guard strays.signal(0) else { return }
      poll(nil, 0, 20)
    }
    // Again until none is left, since one may start another while we look; but one that the kernel cannot end, such as
    // one that waits for a disk that is gone, must not keep the job for ever.
    for _ in 0..<Self.mostKills {
      guard strays.signal(SIGKILL) else { return }
      poll(nil, 0, 10)
    }
  }

  private static let mostKills = 50
  private static let mostLastReads = 32

  private var isGroupAlive: Bool {
    // As process 1 of a container we inherit orphans, and a zombie would look alive for ever.
    while waitpid(-pid, nil, WNOHANG) > 0 {}
    return kill(-pid, 0) == 0
  }
}
