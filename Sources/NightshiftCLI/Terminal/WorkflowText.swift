import Nightshift

/// One workflow, for `workflows show`: the drawing, and a table with what does not fit into its boxes.
struct WorkflowText {
  let workflow: JSONValue
  let terminal: Terminal

  private var isColored: Bool { terminal.colorsOutput }

  func lines() -> [String] {
    let id = Style.bold.paint(workflow.text("id"), ifColored: isColored)
    let state = Self.state(workflow)
    let head =
      "\(id)  \(TextWidth.singleLine(workflow.text("name")))  \(state.style.paint(state.text, ifColored: isColored))"
    let counts = Style.dim.paint("  " + Self.counts(workflow), ifColored: isColored)
    guard var drawing = GraphDrawing(WorkflowGraph(workflow), width: terminal.width) else {
      // Too wide for the terminal: the table tells what waits for what.
      return [head, counts]
    }
    return [head, counts, ""] + drawing.lines(isColored: isColored)
  }

  func table() -> Table {
    var names: [String: [String]] = [:]
    for edge in workflow.items("edges") {
      names[edge.text("job"), default: []].append(edge["dependsOnRef"]?.stringValue ?? edge.text("dependsOn"))
    }
    var table = Table([
      .text("ID"), .flexible("REF"), .flexible("KIND").optional, .text("STATE"), .flexible("AFTER"),
    ])
    for job in workflow.items("jobs") {
      let state = job.text("state")
      let shown = names[job.text("id")] ?? []
      let rest = shown.count > 5 ? " and \(shown.count - 5) more" : ""
      table.add([
        .init(job.text("id"), job["pruned"]?.boolValue == true ? .dim : .plain), .init(job.text("ref")),
        .init(job.text("kind"), .dim),
        HoldText(job).map { .init($0.short, .yellow) } ?? .init(state, .of(state: state)),
        .init(shown.prefix(5).joined(separator: ", ") + rest, .dim),
      ])
    }
    return table
  }

  static func state(_ workflow: JSONValue) -> Table.Cell {
    let state = workflow.text("state")
    return .init(state, .of(state: state))
  }

  /// "3 completed, 1 running".
  static func counts(_ workflow: JSONValue) -> String {
    JobState.allCases.compactMap { state in
      let count = workflow["counts"]?[state.rawValue]?.intValue ?? 0
      return count > 0 ? "\(count) \(state.rawValue)" : nil
    }.joined(separator: ", ")
  }
}
