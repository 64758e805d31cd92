import Nightshift

extension APIRequest {
  /// Groups of dead letters as the caller may see them: without what the job that stands for each has to hide. The others
  /// of a group died with the same words, but for numbers, ids and what stands in quotes.
  func shown(_ groups: [DeadLetterGroup]) async throws -> [DeadLetterGroup] {
    guard let redactor = Redactor.current else { return groups }
    var shown = groups
    for index in groups.indices {
      // One for each: what one job hides is no reason to hide it of all.
      guard let own = Redactor(redactor.redaction, for: actor), let job = try await engine.job(groups[index].example)
      else {
        (shown[index].message, shown[index].exampleMessage) = (Redactor.mark, Redactor.mark)
        continue
      }
      own.learn(job)
      shown[index].message = own.text(groups[index].message)
      shown[index].exampleMessage = own.text(groups[index].exampleMessage)
    }
    return shown
  }
}
