import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite struct `What is shown of one thing` {
  private let checkpoint: JSONValue = [
    "id": "chk_0AKJR9BVM0000", "type": "approval", "state": "pending", "job": "job_0AKJR9BVM0000", "kind": "k",
    "title": "Send the receipts of the whole year to everybody who has asked for one?", "risk": "message",
    "reviewers": ["users": ["ada", "ben", "cy"], "roles": ["approver"], "required": 2, "excludesRequester": true],
    "data": ["to": "ada@example.com", "amount": 7, "text": "Thank you for your order, and come again."],
    "body": "It cannot be taken back, and those who have not asked would be angry about it.",
    "decisions": [
      [
        "at": "2026-11-21T12:00:00.000Z", "verdict": "approved", "by": "token:ada", "role": "approver", "via": "cli",
        "comment": "I have looked at all of them, and they are as they should be.",
      ]
    ],
  ]

  @Test(arguments: [60, 80])
  func `of a checkpoint fits the terminal`(_ width: Int) {
    let lines = CheckpointText(checkpoint: checkpoint, isColored: false, width: width).lines()
    for line in lines { #expect(TextWidth.of(line) <= width, "\(line)") }
    let text = lines.map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    for part in ["to everybody who has asked for one?", "but nobody who has asked for the job", "angry about it."] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test func `of a job's waits and signals fits the terminal`() {
    let job: JSONValue = [
      "id": "job_1", "state": "waiting",
      "waits": [
        [
          "name": "approval of the receipts", "type": "checkpoint", "state": "open",
          "until": "2026-11-22T12:00:00.000Z", "checkpoint": "chk_0AKJR9BVM0000",
        ]
      ],
      "signals": [
        [
          "name": "piad", "at": "2026-11-21T12:00:00.000Z", "by": "token:ada", "size": 12,
          "payload": ["amount": 5, "note": "thank you"],
        ], ["name": "long", "at": "2026-11-21T12:00:00.000Z", "by": "ada", "size": 5_000],
      ], "signalCount": 7,
    ]
    let lines = JobDetailText(job: job, isColored: false, width: 60).lines()
    for line in lines { #expect(TextWidth.of(line) <= 60, "\(line)") }
    let text = lines.map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    for part in ["until 2026-11-22T12:00:00.000Z", "piad  sent 2026", #""amount":5"#, "5000 bytes", "and 5 more"] {
      #expect(text.contains(part), "\(text)")
    }
    let whole = JobDetailText(job: job, isColored: false).lines()
    #expect(whole.contains { $0.hasPrefix("  approval of the receipts") && $0.hasSuffix("chk_0AKJR9BVM0000") })
  }

  @Test func `of a checkpoint says no more than there is`() {
    let silent = checkpoint.merging([
      "state": "expired", "body": "",
      "decisions": [
        ["at": "2026-11-21T12:00:00.000Z", "verdict": "expired", "by": "nobody", "role": "viewer", "via": "expiry"]
      ],
    ])
    let lines = CheckpointText(checkpoint: silent, isColored: false, width: 80).lines()
    #expect(lines.suffix(3) == ["", "decisions", "  2026-11-21T12:00:00.000Z  expired: nobody has answered in time"])
    #expect(lines.count { $0.allSatisfy(\.isWhitespace) } == 1)
  }

  @Test(arguments: [
    ("approved", "Approved chk_1 (Send?); job job_1 goes on."),
    ("pending", "Noted for chk_1 (Send?): 0 of 1 have approved."),
    ("rejected", "Rejected chk_1 (Send?); job job_1 is told, and is cancelled unless it sees to it."),
  ])
  func `of a decision is what it has led to`(_ state: String, _ text: String) {
    #expect(
      CheckpointText.outcome(["id": "chk_1", "title": "Send?", "job": "job_1", "state": .string(state)]) == text)
  }

  @Test func `as wrong is what was wrong`() {
    let failure = #expect(throws: CommandFailure.self) { try PayloadArgument.read("{", as: "--edit") }
    #expect(failure?.description.hasPrefix("--edit is no JSON: ") == true)
  }

  @Test func `goes to a program in one line for each field`() {
    let lines = CheckpointText(checkpoint: checkpoint, isColored: false, width: nil).lines()
    #expect(lines.contains { $0.hasPrefix("  data") && $0.hasSuffix("}") })
  }

  @Test func `of a job and a schedule fits the terminal`() {
    let payload: JSONValue = ["one": "a text of some length", "other": "and another text of some length", "n": 1]
    let lines = JobDetailText(job: ["id": "job_1", "state": "ready", "payload": payload], isColored: false, width: 60)
      .lines()
    for line in lines { #expect(TextWidth.of(line) <= 60, "\(line)") }
    let fields = FieldLines(nameWidth: 13, indent: 0, width: 60, isColored: false)
    let declared: JSONValue = ["expression": "*/30 * * * *", "kind": "make-report", "zone": "Europe/Berlin", "n": 1]
    let shown = fields.json("declared", declared)
    #expect(shown.count > 1 && shown.allSatisfy { TextWidth.of($0) <= 60 }, "\(shown)")
    #expect(shown.map { $0.trimmingCharacters(in: .whitespaces) }.joined().hasSuffix(declared.description))
  }

  @Test func `leaves a word whole that is longer than the terminal is wide`() {
    let fields = FieldLines(nameWidth: 8, width: 30, isColored: false)
    let digest = String(repeating: "a", count: 64)
    #expect(fields.text("digest", digest) == ["  digest  \(digest)"])
    #expect(fields.text("empty", " ").isEmpty)
    let wide = FieldLines(nameWidth: 16, width: 80, isColored: false)
    #expect(wide.text("digest", digest) == ["  digest", "    \(digest)"], "it fits below its name")
  }
}

extension JSONValue {
  fileprivate func merging(_ fields: [String: JSONValue]) -> JSONValue {
    .object((objectValue ?? [:]).merging(fields) { $1 })
  }
}
