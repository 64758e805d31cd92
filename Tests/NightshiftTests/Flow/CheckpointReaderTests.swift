@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A question that cannot be asked like this`: AsksPeople {
  let ledger = Ledger()

  static let mistakes: [(JSONValue, String, String)] = [
    (["title": "?", "key": "order#17"], "/key", "without `#` and `~`; got \"order#17\""),
    (["title": "?", "key": ""], "/key", "1 to 200 bytes"),
    (["title": "?", "expires": "2d", "onExpiry": "escalate"], "/escalateTo", "must name others"),
    (
      ["title": "?", "onExpiry": "escalate", "escalateTo": ["roles": ["approver"]]], "/escalateTo", "must name others"
    ),
    (["title": "?", "expires": "1h", "reminders": ["30m", "1h"]], "/reminders", "after 1h; got 1h"),
    (["title": "?", "reminders": ["0s"]], "/reminders", "got 0s"),
  ]

  @Test(arguments: mistakes)
  func `is refused with the place and the reason`(
    _ question: JSONValue, _ pointer: String, _ reason: String
  ) throws {
    let mistake = #expect(throws: CheckpointReader.Mistake.self) { try CheckpointReader.read(question) }
    let fault = try #require(mistake?.faults.first)
    #expect(fault.pointer == pointer && fault.message.contains(reason), "\(fault)")
  }

  @Test func `says of a whole that is no object only what it must be`() {
    let mistake = #expect(throws: CheckpointReader.Mistake.self) { try CheckpointReader.read(5) }
    #expect(mistake?.description == "must be an object with at least `title`")
  }

  @Test func `may ask all approvers after one, and remind people before`() throws {
    let draft = try CheckpointReader.read([
      "title": "?", "reviewers": ["users": ["ada"]], "onExpiry": "escalate", "reminders": ["1h"],
    ])
    #expect(draft.options.onExpiry == .escalate && draft.options.reminders == [.seconds(3_600)])
  }

  @Test func `is refused to handlers as well`() async throws {
    let test = try await engine { index, context in
      var options = CheckpointOptions()
      if index == 0 { options.onExpiry = .escalate } else { options.reminders = [.seconds(86_400)] }
      try await context.approval("send", title: "Send?", options: options)
    }
    for (index, field) in ["escalateTo", "reminders"].enumerated() {
      let id = try await test.engine.add("k", "\(index)")
      try await test.runUntilIdle()
      let error = try #require(try await test.engine.job(id)?.attempts.last?.failure)
      #expect(error.type == "FlowError" && error.message.hasPrefix("The `\(field)` of the checkpoint \"send\" must"))
    }
  }
}
