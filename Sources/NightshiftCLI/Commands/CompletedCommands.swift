import ArgumentParser

/// The commands as shells complete them: a group that lists when it stands alone (`nightshift jobs --state dead`) also
/// has the options of its list, which completion scripts would else leave out.
struct CompletedCommands: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: NightshiftCommand._commandName,
    subcommands: NightshiftCommand.configuration.subcommands.map { completed[ObjectIdentifier($0)] ?? $0 })

  private static let completed: [ObjectIdentifier: any ParsableCommand.Type] = [
    ObjectIdentifier(JobsCommand.self): CompletedGroup<JobsCommand, JobsList>.self,
    ObjectIdentifier(CheckpointsCommand.self): CompletedGroup<CheckpointsCommand, CheckpointsList>.self,
    ObjectIdentifier(DeadLettersCommand.self): CompletedGroup<DeadLettersCommand, DeadLettersList>.self,
    ObjectIdentifier(KindsCommand.self): CompletedGroup<KindsCommand, KindsList>.self,
    ObjectIdentifier(BreakersCommand.self): CompletedGroup<BreakersCommand, BreakersList>.self,
    ObjectIdentifier(LimitsCommand.self): CompletedGroup<LimitsCommand, LimitsList>.self,
    ObjectIdentifier(QueuesCommand.self): CompletedGroup<QueuesCommand, QueuesList>.self,
    ObjectIdentifier(WorkersCommand.self): CompletedGroup<WorkersCommand, WorkersList>.self,
    ObjectIdentifier(WorkflowsCommand.self): CompletedGroup<WorkflowsCommand, WorkflowsList>.self,
    ObjectIdentifier(AuditCommand.self): CompletedGroup<AuditCommand, AuditList>.self,
    ObjectIdentifier(OperationsCommand.self): CompletedGroup<OperationsCommand, OperationsList>.self,
    ObjectIdentifier(OrganizationsCommand.self): CompletedGroup<OrganizationsCommand, OrganizationsList>.self,
    ObjectIdentifier(ProfileCommand.self): CompletedGroup<ProfileCommand, ProfileShow>.self,
    ObjectIdentifier(SchedulesCommand.self): CompletedGroup<SchedulesCommand, SchedulesList>.self,
    ObjectIdentifier(SecretsCommand.self): CompletedGroup<SecretsCommand, SecretsList>.self,
    ObjectIdentifier(UsersCommand.self): CompletedGroup<UsersCommand, UsersList>.self,
    ObjectIdentifier(TokensCommand.self): CompletedGroup<TokensCommand, TokensList>.self,
  ]
}

private struct CompletedGroup<Group: ParsableCommand, List: ParsableCommand>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Group._commandName, abstract: Group.configuration.abstract,
      subcommands: Group.configuration.subcommands)
  }

  @OptionGroup var list: List
}
