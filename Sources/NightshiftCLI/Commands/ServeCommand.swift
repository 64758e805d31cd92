import ArgumentParser
import Nightshift

/// `nightshift serve`
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the server: API and worker.",
    usage: "nightshift serve [<options>]",
    discussion: """
      Stops on SIGTERM or SIGINT once running jobs have ended or the grace period is over; a second signal ends at \
      once. The first start on a data folder prints the admin token and keeps it in DIR/admin-token.
      """)

  @Option(
    help: ArgumentHelp(
      "Where to listen; port 0 takes a free one (default: 127.0.0.1:8080).",
      valueName: "host:port"))
  var listen: String?

  @OptionGroup var options: ProcessOptions

  func run() async throws {
    try await options.run(.server, listen.map { [.listen: ("--listen", $0)] } ?? [:])
  }
}

/// `nightshift worker`
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Run a worker without the API, on the same store as a server.",
    usage: "nightshift worker [<options>]")

  @OptionGroup var options: ProcessOptions

  func run() async throws { try await options.run(.worker, [:]) }
}

/// What both kinds of process take.
struct ProcessOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of the script jobs (default: ./jobs).", valueName: "dir"))
  var jobs: String?

  @Option(help: ArgumentHelp("File that declares schedules (default: ./scheduler.yaml).", valueName: "file"))
  var schedules: String?

  @Option(
    help: ArgumentHelp(
      "Serve these queues only, with commas between (default: all there are).", valueName: "names"))
  var queues: String?

  @Option(help: ArgumentHelp("Handlers that run at the same time (default: twice the cores).", valueName: "count"))
  var concurrency: String?

  @OptionGroup var shared: SharedOptions

  func run(_ role: NightshiftProcess.Role, _ flags: [SettingKey: (name: String, value: String)]) async throws {
    var flags = flags
    if let jobs { flags[.jobs] = ("--jobs", jobs) }
    if let schedules { flags[.schedules] = ("--schedules", schedules) }
    if let queues { flags[.workerQueues] = ("--queues", queues) }
    if let concurrency { flags[.workerConcurrency] = ("--concurrency", concurrency) }
    let settings = try shared.settings(flags)
    let output = shared.output
    let logger = LogSetup.start(settings, terminal: output.terminal)
    try await NightshiftProcess(settings: settings, role: role, output: output, logger: logger).run()
  }
}
