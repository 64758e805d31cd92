/// A schema that cannot be used, and where it is wrong.
package struct PayloadSchemaError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A JSON pointer into the schema as a URI fragment, such as `#/properties/a/minimum`.
  package let pointer: String
  package let message: String

  package init(pointer: String, message: String) {
    self.pointer = pointer
    self.message = message
  }

  package var description: String { "\(pointer): \(message)" }
}
