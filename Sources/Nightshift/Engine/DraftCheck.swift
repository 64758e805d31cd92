/// What can be wrong with a draft, before anything is stored. Drafts are borrowed throughout: they hold a dozen things, each
/// of which a copy would count.
struct DraftCheck {
  private let index: Int
  /// Whether the payload was encoded from a Swift type in this program: then it is JSON and fits its handler.
  private let isTyped: Bool
  private let payloadLimit: Int

  init(index: Int, isTyped: Bool, payloadLimit: Int) {
    self.index = index
    self.isTyped = isTyped
    self.payloadLimit = payloadLimit
  }

  func faults(in draft: borrowing JobDraft, _ schema: PayloadSchema?) -> [SubmissionError.Fault] {
    optionFaults(draft.options, isForeground: draft.isForeground) + payloadFaults(draft.payload, schema)
  }

  private func optionFaults(_ options: borrowing JobOptions, isForeground: Bool) -> [SubmissionError.Fault] {
    var faults: [SubmissionError.Fault] = []
    if let attempts = options.maxAttempts, !(1...1000).contains(attempts) {
      faults.append(fault("#/maxAttempts", "must be from 1 to 1000; got \(attempts)"))
    }
    if let timeout = options.timeout, timeout <= .zero {
      faults.append(fault("#/timeout", "must be longer than nothing; got \(timeout.text)"))
    }
    if options.tags.count > 20 { faults.append(fault("#/tags", "may hold at most 20; got \(options.tags.count)")) }
    for (position, tag) in options.tags.enumerated() {
      if let message = KeyOptionsCheck.textFault(tag, longest: 100) {
        faults.append(fault("#/tags/\(position)", message))
      }
    }
    if options.hasKey {
      faults += KeyOptionsCheck(copy options, isForeground: isForeground).faults.map { fault($0.pointer, $0.message) }
    }
    faults += lengthFault("organization", options.organization)
    faults += lengthFault("owner", options.owner)
    faults += lengthFault("limitKey", options.limitKey)
    return faults
  }

  private func lengthFault(_ name: String, _ value: String?) -> [SubmissionError.Fault] {
    guard let value, let message = KeyOptionsCheck.textFault(value, longest: 200) else { return [] }
    return [fault("#/\(name)", message)]
  }

  private func payloadFaults(_ payload: [UInt8], _ schema: PayloadSchema?) -> [SubmissionError.Fault] {
    guard payload.count <= payloadLimit else {
      let message =
        "has \(payload.count) bytes; at most \(payloadLimit) are allowed. "
        + "Put large data where both sides can reach it, and enqueue its address"
      return [fault("#/payload", message)]
    }
    if isTyped && schema == nil { return [] }
    do throws(JSONSyntaxError) {
      let value = try JSONValue(parsing: payload)
      return (schema?.faults(in: value) ?? []).map { found in
        fault("#/payload" + found.pointer.dropFirst(), found.message)
      }
    } catch {
      return [fault("#/payload", "is not JSON: \(error)")]
    }
  }

  private func fault(_ pointer: String, _ message: String) -> SubmissionError.Fault {
    SubmissionError.Fault(index: index, pointer: pointer, message: message)
  }
}
