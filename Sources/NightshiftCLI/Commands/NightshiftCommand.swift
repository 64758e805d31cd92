import ArgumentParser
import Nightshift

/// The root of all commands.
struct NightshiftCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nightshift",
    abstract: "Durable background jobs in one binary.",
    discussion: """
      Commands talk to the server that NIGHTSHIFT_URL names (with NIGHTSHIFT_TOKEN), or to the one that runs on the \
      data folder. Without a server they use the store in the data folder directly.

      Settings come from flags, the environment, .env and nightshift.yaml, in this order; \
      `nightshift config` shows them all.
      """,
    version: NightshiftVersion.current,
    groupedSubcommands: [
      CommandGroup(name: "Server", subcommands: [ServeCommand.self, WorkerCommand.self]),
      CommandGroup(
        name: "Job",
        subcommands: [
          EnqueueCommand.self, RunCommand.self, JobsCommand.self, WorkflowsCommand.self, CheckpointsCommand.self,
          KindsCommand.self, DeadLettersCommand.self,
          CreateJobCommand.self, SchedulesCommand.self,
        ]),
      CommandGroup(
        name: "Operation",
        subcommands: [
          QueuesCommand.self, LimitsCommand.self, BreakersCommand.self, PauseCommand.self, ResumeCommand.self,
          WorkersCommand.self, OperationsCommand.self,
          UsersCommand.self, OrganizationsCommand.self, TokensCommand.self, SecretsCommand.self, AuditCommand.self,
          ConfigCommand.self, DoctorCommand.self, ProfileCommand.self,
          DatabaseCommand.self, BenchCommand.self,
          CompletionsCommand.self,
        ]),
    ])
}
