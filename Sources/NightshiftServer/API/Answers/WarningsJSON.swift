import Nightshift

extension JSONValue {
  /// With what is likely a slip in it although it was accepted; the same if there is nothing to say.
  func adding(warnings: [LimitError.Fault]) -> JSONValue {
    guard !warnings.isEmpty, case .object(var fields) = self else { return self }
    fields["warnings"] = .array(warnings.map { Problem.Fault($0.pointer, $0.message).json })
    return .object(fields)
  }
}
