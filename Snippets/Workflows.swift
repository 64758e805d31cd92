//! Jobs that wait for each other: spread out, joined again, with a word when one dies.

import Nightshift
import NightshiftSQLite

struct Fetch: Job {
  static let kind: JobKind = "fetch"
  var day: String

  func run(_ context: JobContext) async throws -> [Int] { [3, 1, 4] }
}

struct Chart: Job {
  static let kind: JobKind = "chart"
  var column: Int

  func run(_ context: JobContext) async throws -> String {
    let numbers = try await context.dependencies["fetch"]!.result(as: [Int].self)
    return String(repeating: "#", count: numbers[column])
  }
}

struct Publish: Job {
  static let kind: JobKind = "publish"

  func run(_ context: JobContext) async throws {
    for chart in try await context.dependencies.all { print(try await chart.result(as: String.self)) }
  }
}

struct Complain: Job {
  static let kind: JobKind = "complain"

  func run(_ context: JobContext) async throws {
    let dead = try await context.dependencies.all.filter { $0.state == .dead }
    print("the report will be late:", dead.map { $0.ref ?? "\($0.id)" })
  }
}

let nightshift = try await Engine(.sqlite(path: "nightshift.db"))
try await nightshift.register(Fetch.self)
try await nightshift.register(Chart.self)
try await nightshift.register(Publish.self)
try await nightshift.register(Complain.self)

var report = Workflow("report of the day")
let fetch = try report.add(Fetch(day: "2026-11-21"), as: "fetch")
let charts = try report.fanOut((0..<3).map { Chart(column: $0) }, after: [fetch])
// Should a chart die, the report waits for a person: mend the chart, or let it go on without.
try report.add(Publish(), after: charts, onDeath: .hold)
try report.callback(Complain(), when: .death)

let run = try await nightshift.enqueue(report)
print("nightshift workflows show \(run.id)")
