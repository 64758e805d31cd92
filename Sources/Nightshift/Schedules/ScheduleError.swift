/// Why a schedule was refused, or could not be changed. Nothing was changed.
public struct ScheduleError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One thing that is wrong.
  public struct Fault: Sendable, Hashable {
    /// Where in the schedule, as a JSON pointer: `#/expression`.
    public var pointer: String
    /// What is wrong, and what would be right.
    public var message: String

    package init(_ pointer: String, _ message: String) {
      self.pointer = pointer
      self.message = message
    }
  }

  package enum Reason: Sendable, Hashable {
    /// A field is wrong.
    case invalid
    /// There is no schedule of this name.
    case missing
    /// There is one of this name already, or what was asked for does not suit where it comes from.
    case conflict
  }

  package var reason: Reason
  /// Everything that was found wrong.
  public var faults: [Fault]

  package init(_ reason: Reason, _ faults: [Fault]) {
    self.reason = reason
    self.faults = faults
  }

  package static func missing(_ name: String) -> ScheduleError {
    ScheduleError(.missing, [Fault("#", "There is no schedule \"\(name)\".")])
  }

  package static func conflict(_ message: String) -> ScheduleError { ScheduleError(.conflict, [Fault("#", message)]) }

  /// All faults in one line.
  public var description: String {
    faults.map { $0.pointer == "#" ? $0.message : "\($0.pointer): \($0.message)" }.joined(separator: "; ")
  }
}
