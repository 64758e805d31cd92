import ArgumentParser
import Foundation
import Nightshift
import NightshiftBench

/// `nightshift bench`
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure this machine: each figure beside its limit, taken in the same run on the same disk.",
    usage: "nightshift bench [<options>]",
    discussion: """
      The raw limit is the same SQL in a bare loop over SQLite's C API or libpq, with the same batches and durability. \
      Jobs are stored in a new folder, or with --server in new databases; both are removed afterwards, and no other \
      database is touched.
      """)

  @Option(help: ArgumentHelp("Only these: \(Bench.names.joined(separator: ", ")).", valueName: "name"))
  var only: [String] = []

  @Flag(help: "Also with a million ready and ten million finished jobs: minutes, and up to 6 GiB of disk.")
  var full = false

  @Option(help: ArgumentHelp("Jobs in each run of the engine.", valueName: "count"))
  var jobs = 100_000

  @Option(
    help: ArgumentHelp("Where the databases are made: their disk decides the figures.", valueName: "dir"))
  var folder = FileManager.default.currentDirectoryPath

  @Option(
    help: ArgumentHelp(
      "Measure on PostgreSQL instead: a server whose user may make databases.", valueName: "postgres-url"))
  var server: String?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1_000...10_000_000).contains(jobs) else {
      throw ValidationError("--jobs is \(jobs); use 1000 to 10000000.")
    }
    if let unknown = only.first(where: { !Bench.names.contains($0) }) {
      let hint = Spelling.nearest(to: unknown, among: Bench.names).map { " Did you mean \($0)?" } ?? ""
      throw ValidationError("There is no measurement \"\(unknown)\".\(hint)")
    }
  }

  func run() async throws {
    let scratch = "\(folder)/nightshift-bench-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    // What cannot be removed is not worth failing a measurement for; its name says what it is.
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    var bench = Bench(folder: scratch)
    bench.jobs = jobs
    bench.server = server
    let names = only.isEmpty ? bench.usual(full: full) : only
    var all: [Figure] = []
    for name in names {
      let measured = try await bench.run(name, executable: "/proc/self/exe")
      all += measured
      if !shared.output.isJSON { for measurement in measured { shared.output.line(Self.text(measurement)) } }
    }
    if shared.output.isJSON { shared.output.json(.array(all.map(Self.json))) }
  }

  private static func text(_ measurement: Figure) -> String {
    let name = measurement.name.padding(toLength: 40, withPad: " ", startingAt: 0)
    let isRate = measurement.unit == "jobs/s"
    let format = isRate ? "%9.0f %@  of %9.0f  %4.0f %%" : "%9.2f %@  below %.2f  %.1f× room"
    let ratio = isRate ? measurement.ratio * 100 : measurement.ratio
    return name + String(format: format, measurement.value, measurement.unit, measurement.limit, ratio)
  }

  private static func json(_ measurement: Figure) -> JSONValue {
    [
      "name": .string(measurement.name), "value": .number(measurement.value),
      "unit": .string(measurement.unit),
      "limit": .number(measurement.limit), "ratio": .number(measurement.ratio),
    ]
  }
}
