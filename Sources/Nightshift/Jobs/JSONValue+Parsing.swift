extension JSONValue {
  /// Reads exactly one JSON text, strictly as RFC 8259 has it.
  ///
  /// Refused, since readers disagree about what they mean: fields named twice, lone surrogates, invalid
  /// UTF-8, whole numbers beyond 64 bits (rounding would change an id), numbers beyond a `Double`. Arrays and
  /// objects nest at most 128 deep, so that no text can exhaust the stack.
  ///
  /// - Complexity: Linear. Bytes that are contiguous (`[UInt8]`, `Data`, `String.UTF8View`) are not copied.
  package init(parsing bytes: some Sequence<UInt8>) throws(JSONSyntaxError) {
    let result =
      bytes.withContiguousStorageIfAvailable(JSONParser.parse)
      ?? Array(bytes).withUnsafeBufferPointer(JSONParser.parse)
    self = try result.get()
  }
}
