import Nightshift
import Testing

@testable import NightshiftCLI

@Suite struct `A terminal` {
  @Test(arguments: [
    ([:], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false),
    (["TERM": "xterm-256color"], true),
  ])
  func `shows colours unless told not to`(_ environment: [String: String], _ allowsColor: Bool) {
    #expect(Terminal.current(environment: environment).allowsColor == allowsColor)
  }

  @Test func `shows no colours in what goes to a program`() {
    let piped = Terminal(isOutputTerminal: false, isErrorTerminal: true)
    #expect(!piped.colorsOutput)
    #expect(piped.colorsErrors)
    let forbidden = Terminal(isOutputTerminal: true, isErrorTerminal: true, allowsColor: false)
    #expect(!forbidden.colorsOutput && !forbidden.colorsErrors)
  }

  @Test(arguments: [("40", 40), ("132", 132)])
  func `is as wide as COLUMNS says`(_ columns: String, _ width: Int) {
    #expect(Terminal.current(environment: ["COLUMNS": columns]).width == width)
  }
}

@Suite struct `An exit status` {
  @Test(
    arguments: [
      (JobState.completed, 0), (.dead, 1), (.cancelled, 2), (.running, 3), (.scheduled, 3), (.ready, 3),
    ] as [(JobState, Int32)])
  func `is the outcome of the job`(_ state: JobState, _ status: Int32) {
    #expect(ExitStatus.of(state) == status)
  }
}

@Suite struct `A problem of the API` {
  @Test func `is one message with its faults`() {
    let body: JSONValue = [
      "title": "Unprocessable", "detail": "2 fields are wrong",
      "errors": [
        ["pointer": "#/kind", "detail": "is missing"], ["parameter": "state", "detail": "has no state"],
      ],
    ]
    let failure = ProblemDetails(APIResponse(status: 422, body: body.serialized()), path: "/api/jobs").failure
    #expect(failure.description == "kind: is missing\n--state: has no state")
    #expect(failure.isFinal)
  }

  @Test func `of a proxy is told by its status`() {
    let failure = ProblemDetails(APIResponse(status: 502, body: Array("<html>".utf8)), path: "/api/jobs").failure
    #expect(failure.description.contains("502"))
    #expect(!failure.isFinal)
  }
}
