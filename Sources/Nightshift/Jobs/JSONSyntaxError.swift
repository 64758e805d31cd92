/// Says where a text stops being JSON, and what was expected there.
package struct JSONSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
  package let message: String
  /// Counted from 1.
  package let line: Int
  /// Counted from 1, in characters as editors count them: Unicode scalars, not bytes.
  package let column: Int

  package init(message: String, line: Int, column: Int) {
    self.message = message
    self.line = line
    self.column = column
  }

  package var description: String { "line \(line), column \(column): \(message)" }
}
