import ArgumentParser

/// A part of a whole on the command line: `0.5` or `50%`. Whether it makes sense is for whoever uses it.
struct ShareArgument: ExpressibleByArgument {
  var share: Double

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let number = Double(isPercent ? String(argument.dropLast()) : argument), number.isFinite else { return nil }
    share = isPercent ? number / 100 : number
  }

  static var allValueStrings: [String] { [] }
}
