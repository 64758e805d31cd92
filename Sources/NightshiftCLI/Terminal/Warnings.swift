import Nightshift

extension Output {
  /// Tells on standard error what is likely a slip in something that was accepted.
  func warnings(of answer: JSONValue) {
    for warning in answer.items("warnings") {
      let place = ArgumentName.of(pointer: warning.text("pointer"))
      note("Warning: \(place): \(TextWidth.singleLine(warning.text("detail")))")
    }
  }
}
