import Nightshift

extension APIRequest {
  /// Groups of dead letters as the caller may see them: without what the job that stands for each has to hide. The others
  /// of a group died with the same words, but for numbers, ids and what stands in quotes.
  func shown(_ groups: [DeadLetterGroup]) async throws -> [DeadLetterGroup] {
    guard let redaction = Redactor.current?.redaction else { return groups }
    let texts = try await engine.hiddenTexts(of: Set(groups.map(\.example)), by: redaction)
    return groups.map { group in
      // One for each: what one job hides is no reason to hide it of all.
      let redactor = Redactor(redaction, knowing: texts[group.example] ?? [])
      var shown = group
      shown.message = redactor.text(group.message)
      shown.exampleMessage = redactor.text(group.exampleMessage)
      return shown
    }
  }
}
