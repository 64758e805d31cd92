extension JobContext {
  /// The value of a secret, by the name under which it was set (`nightshift secrets set NAME`).
  ///
  /// From here on the value is masked (`•••`) in what this attempt says: log lines, progress, events of its own, errors.
  /// Results, step results and artifacts are kept as they are: do not put it there.
  ///
  /// - Throws: ``SecretError`` if there is none of this name, or this process has not its master key; ``StoreError`` if
  ///   the store cannot be asked.
  public func secret(_ name: String) async throws -> String {
    let value = try await engine.secret(name)
    masks.add(value)
    return value
  }
}
