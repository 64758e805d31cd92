/// How much one attempt of a script job may use. They are guard rails against a script that runs wild, not a
/// cage: the first three hold for each of its processes, as the system counts them.
package struct JobResources: Sendable, Hashable {
  /// Bytes of private memory (heap, not mapped files) of a process; an allocation beyond it fails.
  package var memory: Int?
  /// Seconds of processor time of a process; beyond them it gets SIGXCPU, a second later SIGKILL.
  package var cpu: Int?
  /// Files and sockets that a process may have open.
  package var openFiles: Int
  /// Bytes of standard output and error together. More than that fails the job for good: cutting it off
  /// silently could lose the result, and a retry would only write as much again.
  package var output: Int

  /// A generous machine's share: 4 GiB, an hour of processor time, 1,024 files, 16 MiB of output.
  package init(memory: Int? = 4 << 30, cpu: Int? = 3600, openFiles: Int = 1024, output: Int = 16 << 20) {
    self.memory = memory
    self.cpu = cpu
    self.openFiles = openFiles
    self.output = output
  }
}
