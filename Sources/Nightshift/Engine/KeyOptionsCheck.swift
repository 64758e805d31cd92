/// What can be wrong with `unique`, `debounce` and `throttle`, each for itself and beside the other options.
struct KeyOptionsCheck {
  private let options: JobOptions
  private let isForeground: Bool

  init(_ options: JobOptions, isForeground: Bool) {
    self.options = options
    self.isForeground = isForeground
  }

  var faults: [(pointer: String, message: String)] {
    var faults: [(pointer: String, message: String)] = []
    if let unique = options.unique {
      faults += keyFaults(unique.key, "#/unique")
      if let window = unique.window { faults += lengthFaults(window, "#/unique/for", longest: nil) }
    }
    if let debounce = options.debounce { faults += debounceFaults(debounce) }
    if let throttle = options.throttle { faults += throttleFaults(throttle) }
    return faults + contradictions
  }

  private func debounceFaults(_ debounce: Debounce) -> [(pointer: String, message: String)] {
    var faults = keyFaults(debounce.key, "#/debounce")
    faults += lengthFaults(debounce.quiet, "#/debounce/quiet", longest: Debounce.longest)
    guard let atMost = debounce.atMost else { return faults }
    faults += lengthFaults(atMost, "#/debounce/atMost", longest: Debounce.longest)
    if atMost < debounce.quiet {
      let message = "must be at least as long as `quiet`, \(debounce.quiet.text); got \(atMost.text)"
      faults.append(("#/debounce/atMost", message))
    }
    return faults
  }

  private func throttleFaults(_ throttle: Throttle) -> [(pointer: String, message: String)] {
    var faults = keyFaults(throttle.key, "#/throttle")
    faults += lengthFaults(throttle.per, "#/throttle/per", longest: Throttle.longest)
    if !(1...Throttle.mostPlaces).contains(throttle.limit) {
      faults.append(("#/throttle/limit", "must be from 1 to \(Throttle.mostPlaces); got \(throttle.limit)"))
    }
    return faults
  }

  private var contradictions: [(pointer: String, message: String)] {
    var faults: [(pointer: String, message: String)] = []
    let keyed = [
      ("unique", options.unique != nil), ("debounce", options.debounce != nil), ("throttle", options.throttle != nil),
    ].filter(\.1).map(\.0)
    for other in keyed.dropFirst() {
      faults.append(
        ("#/\(other)", "and `\(keyed[0])` both say what becomes of a second job with the key: send one of them"))
    }
    if options.hasDueTimeOfKey, options.runAt != .now || isForeground {
      let rule = "says when the job is due: leave `runAt` and `delay` out"
      faults.append(options.debounce != nil ? ("#/debounce", rule) : ("#/throttle", "with `excess: later` \(rule)"))
    }
    if options.debounce != nil, !options.dependsOn.isEmpty {
      faults.append(("#/debounce", "is not for a job that waits for others: leave `dependsOn` out"))
    }
    return faults
  }

  private func keyFaults(_ key: Unique.Key, _ pointer: String) -> [(pointer: String, message: String)] {
    guard case .named(let key) = key else { return [] }
    return Self.textFault(key, longest: 200).map { [("\(pointer)/key", $0)] } ?? []
  }

  /// What is wrong with a text that tells jobs apart.
  static func textFault(_ text: String, longest: Int) -> String? {
    // PostgreSQL's text cannot hold it, so that two texts would be taken for one there.
    if text.utf8.contains(0) { return "must not contain the character NUL (U+0000)" }
    guard text.isEmpty || text.utf8.count > longest else { return nil }
    return "must have 1 to \(longest) bytes; got \(text.utf8.count)"
  }

  private func lengthFaults(
    _ length: Duration, _ pointer: String, longest: Duration?
  ) -> [(pointer: String, message: String)] {
    if length <= .zero { return [(pointer, "must be longer than nothing; got \(length.text)")] }
    guard let longest, length > longest else { return [] }
    return [(pointer, "may be at most \(longest.text); got \(length.text)")]
  }
}
