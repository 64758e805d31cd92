/// What a key means for the jobs that come with it.
package enum KeyRule: Sendable, Hashable {
  /// One job has it, until it expires or the job has ended.
  case unique
  /// One job that has not begun stands for all that come.
  case debounce(atMost: Duration?, keeps: Debounce.Payload)
  /// So many jobs may come within a window.
  case throttle(limit: Int, per: Duration, excess: Throttle.Excess)
}
