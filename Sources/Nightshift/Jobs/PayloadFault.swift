/// One way in which a value is not what its schema asks for.
package struct PayloadFault: Sendable, Hashable {
  /// Where: a JSON pointer as a URI fragment, such as `#/a/0`; `#` for the whole value.
  package var pointer: String
  /// What is wrong, as the end of a sentence: `must be a whole number, at least 1; got "x"`. Values are cut
  /// to 40 characters.
  package var message: String

  package init(pointer: String, message: String) {
    self.pointer = pointer
    self.message = message
  }
}

extension PayloadFault: CustomStringConvertible {
  package var description: String { pointer.isEmpty ? message : "\(pointer): \(message)" }
}
