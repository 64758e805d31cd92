import Nightshift

extension RouteTable {
  /// The pages of the console and what their forms do, each with what it is about: a token's scopes and an
  /// organization's bounds hold here as they do for the API.
  static let consoleRoutes: [Route] = [
    assetRoutes, startRoutes, signInRoutes, overviewRoutes,
    (approvalRoutes + grantPages).about(.checkpoints),
    (jobListRoutes + jobPageRoutes + deadLetterPages + operationPages).about(.jobs),
    (accountPages + settingsPages).about(.accounts),
    auditPages.about(.audit), secretPages.about(.secrets),
    (queuePageRoutes + kindPageRoutes).about(.queues), gatePageRoutes.about(.limits),
    schedulePageRoutes.about(.schedules), workerPageRoutes.about(.workers), workflowPageRoutes.about(.workflows),
    (profilePageRoutes + referenceRoutes).about(.metrics),
  ].flatMap { $0 }.askingFirst()
}
