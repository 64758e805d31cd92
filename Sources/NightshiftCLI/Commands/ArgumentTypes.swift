public import ArgumentParser
public import Nightshift

// The core's types as they are typed on the command line. They can be read from their text already.

extension JobState: ExpressibleByArgument {}
extension Priority: ExpressibleByArgument {}
extension Role: ExpressibleByArgument {}
extension Unique.Conflict: ExpressibleByArgument {}
extension Debounce.Payload: ExpressibleByArgument {}
extension DependencyDeath: ExpressibleByArgument {}

extension JobID: ExpressibleByArgument {
  /// Reads a job's id.
  public init?(argument: String) { self.init(argument) }
}

extension WorkflowID: ExpressibleByArgument {
  /// Reads a workflow's id.
  public init?(argument: String) { self.init(argument) }
}
