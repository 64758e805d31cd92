extension RouteTable {
  /// The pages of the console and what their forms do.
  static let consoleRoutes: [Route] =
    assetRoutes + startRoutes + approvalRoutes + overviewRoutes + jobListRoutes + jobPageRoutes
    + deadLetterPages + operationPages
}
