import Nightshift
import Testing

@testable import NightshiftCLI

@Suite struct `The drawing of a workflow` {
  /// A workflow as the API answers it: each job with what it waits for.
  private func workflow(_ jobs: [(ref: String, state: String, after: [String])]) -> JSONValue {
    [
      "jobs": .array(
        jobs.map { ["id": .string("id-\($0.ref)"), "ref": .string($0.ref), "state": .string($0.state)] }),
      "edges": .array(
        jobs.flatMap { job in
          job.after.map { ["job": .string("id-\(job.ref)"), "dependsOn": .string("id-\($0)")] }
        }),
    ]
  }

  private func drawing(_ jobs: [(ref: String, state: String, after: [String])], width: Int? = nil) -> String? {
    guard var drawing = GraphDrawing(WorkflowGraph(workflow(jobs)), width: width) else { return nil }
    return drawing.lines(isColored: false).joined(separator: "\n")
  }

  @Test func `shows a chain from top to bottom`() {
    let text = drawing([("fetch", "completed", []), ("send", "running", ["fetch"])])
    #expect(
      text == """
        ┌───────────┐
        │ fetch     │
        │ completed │
        └─────┬─────┘
              │
         ┌────┴────┐
         │ send    │
         │ running │
         └─────────┘
        """)
  }

  @Test func `joins what was spread`() {
    let text = drawing([
      ("fetch", "completed", []), ("left", "completed", ["fetch"]), ("right", "running", ["fetch"]),
      ("send", "blocked", ["left", "right"]),
    ])
    #expect(
      text == """
              ┌───────────┐
              │ fetch     │
              │ completed │
              └─────┬─────┘
              ┌─────┴───────┐
        ┌─────┴─────┐  ┌────┴────┐
        │ left      │  │ right   │
        │ completed │  │ running │
        └─────┬─────┘  └────┬────┘
              └─────┬───────┘
               ┌────┴────┐
               │ send    │
               │ blocked │
               └─────────┘
        """)
  }

  @Test func `leads a long wait past the layers between`() {
    let text = drawing([
      ("a", "completed", []), ("x", "running", []), ("b", "completed", ["a"]), ("c", "ready", ["b"]),
      ("d", "blocked", ["x", "c"]),
    ])
    #expect(
      text == """
        ┌───────────┐  ┌─────────┐
        │ a         │  │ x       │
        │ completed │  │ running │
        └─────┬─────┘  └────┬────┘
              └───┐         │
            ┌─────┴─────┐   │
            │ b         │   │
            │ completed │   │
            └─────┬─────┘   │
                  │       ┌─┘
              ┌───┴───┐   │
              │ c     │   │
              │ ready │   │
              └───┬───┘   │
                  └─┬─────┘
               ┌────┴────┐
               │ d       │
               │ blocked │
               └─────────┘
        """)
  }

  @Test func `leaves out waits that others imply`() {
    let text = drawing([("a", "completed", []), ("b", "ready", ["a"]), ("c", "blocked", ["a", "b"])])
    #expect(
      text == """
        ┌───────────┐
        │ a         │
        │ completed │
        └─────┬─────┘
              │
          ┌───┴───┐
          │ b     │
          │ ready │
          └───┬───┘
              │
         ┌────┴────┐
         │ c       │
         │ blocked │
         └─────────┘
        """)
  }

  @Test func `keeps lines apart that cross`() {
    let text = drawing([
      ("a", "completed", []), ("b", "completed", []), ("c", "completed", []), ("x", "ready", ["b"]),
      ("y", "ready", ["a", "c"]), ("z", "ready", ["a", "b"]),
    ])
    #expect(
      text == """
        ┌───────────┐  ┌───────────┐  ┌───────────┐
        │ a         │  │ b         │  │ c         │
        │ completed │  │ completed │  │ completed │
        └─────┬─────┘  └─────┬─────┘  └─────┬─────┘
              └───┬──────────│──────────┐   │
                  ├──────────┤          ├───┘
              ┌───┴───┐  ┌───┴───┐  ┌───┴───┐
              │ z     │  │ x     │  │ y     │
              │ ready │  │ ready │  │ ready │
              └───────┘  └───────┘  └───────┘
        """)
  }

  @Test func `makes one box of many jobs alike`() {
    let parts = (1...40).map { (ref: "part-\($0)", state: $0 > 38 ? "running" : "completed", after: ["start"]) }
    let text = drawing(
      [("start", "completed", [])] + parts + [("end", "blocked", parts.map(\.ref))], width: 60)
    #expect(
      text == """
               ┌───────────┐
               │ start     │
               │ completed │
               └─────┬─────┘
                     │
        ┌────────────┴────────────┐
        │ part-1 … part-40        │
        │ 38 completed, 2 running │
        └────────────┬────────────┘
                     │
                ┌────┴────┐
                │ end     │
                │ blocked │
                └─────────┘
        """)
  }

  @Test func `gives up where the terminal is too narrow`() {
    #expect(drawing([("a-long-name", "completed", []), ("another-long-name", "running", [])], width: 30) == nil)
  }
}
