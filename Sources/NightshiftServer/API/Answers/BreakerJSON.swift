import Nightshift

extension JSONValue {
  /// A circuit breaker as it was set, and how it stands.
  init(_ status: BreakerStatus) {
    var fields: [String: JSONValue?] = status.state.breaker.definition.objectValue ?? [:]
    fields["name"] = .string(status.state.breaker.name)
    fields["phase"] = .string(status.phase.rawValue)
    fields["openedAt"] = status.state.openedAt.map { JSONValue($0) }
    fields["probesAt"] = status.state.probesAt.map { JSONValue($0) }
    fields["trips"] = JSONValue(status.state.trips)
    fields["reason"] = status.state.reason.map { .string($0) }
    fields["succeeded"] = JSONValue(status.calls.succeeded)
    fields["failed"] = JSONValue(status.calls.failed)
    fields["held"] = JSONValue(status.held)
    self = .fields(fields)
  }
}
