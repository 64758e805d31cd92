/// A program that runs in a process group of its own, watched by a thread of its own.
///
/// A thread and not the cooperative pool, since starting a program blocks until its file has been read, and
/// since one `poll` over all its descriptors does with a few system calls what many tasks would do with many:
/// a job that runs for a millisecond must not cost another one to watch.
final class ChildProcess: Sendable {
  let events: ChildEvents
  private let wake = ChildWake()

  /// Starts the program; should that fail, `events` says so.
  init(_ launch: ChildLaunch, on threads: ChildThreads) {
    events = ChildEvents { [wake] in wake.ring() }
    threads.run { [events, wake] in
      let end = ChildWatch.run(launch, wake: wake, events: events)
      wake.close()
      events.put(.ended(end))
    }
  }

  /// Stops the whole group: TERM now, KILL after the grace time. Returns at once; the last of the `events`
  /// says when it is done.
  func stop() { wake.requestStop() }
}
