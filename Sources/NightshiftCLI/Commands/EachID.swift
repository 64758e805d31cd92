import Nightshift

/// Does the same to several things by their ids: goes on after one that cannot be changed, and fails at the end.
struct EachID {
  private let api: any APIClient
  private let output: Output

  init(_ api: any APIClient, _ output: Output) {
    self.api = api
    self.output = output
  }

  /// - Parameter change: Gives the answer, and what is said of it.
  func run<ID: CustomStringConvertible>(
    _ ids: [ID], _ change: (any APIClient, ID) async throws -> (answer: JSONValue, line: String)
  ) async throws {
    var answers: [JSONValue] = []
    var failures: [String] = []
    for id in ids {
      do {
        let (answer, line) = try await change(api, id)
        answers.append(answer)
        if !output.isJSON { output.line(line) }
      } catch let failure as CommandFailure {
        // Most messages name what was meant; those about the server do not.
        failures.append(failure.description.contains("\(id)") ? failure.description : "\(id): \(failure.description)")
      }
    }
    if output.isJSON { output.json(answers.count == 1 && failures.isEmpty ? answers[0] : .array(answers)) }
    guard failures.isEmpty else { throw CommandFailure(failures.joined(separator: "\n")) }
  }
}
