import ArgumentParser
import Foundation
import Nightshift

/// A length of time on the command line.
struct DurationArgument: ExpressibleByArgument {
  var duration: Duration
  var defaultValueDescription: String { duration.text }

  init?(argument: String) {
    guard let duration = Duration(text: argument) else { return nil }
    self.duration = duration
  }

  static var allValueStrings: [String] { [] }
}

/// A moment on the command line, in RFC 3339.
struct MomentArgument: ExpressibleByArgument {
  var text: String

  init?(argument: String) {
    guard RFC3339.parse(argument) != nil else { return nil }
    text = argument
  }
}
