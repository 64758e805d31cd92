public import Logging

/// What is being done on this task, for the lines that are logged meanwhile.
package enum LogScope {
  /// The id of the request that is being answered.
  @TaskLocal package static var request: String?
}

extension Logger.MetadataProvider {
  /// Names, in each line that is logged while a job runs or a request is answered, the job (`job`, `kind`, `attempt`)
  /// and the request (`request`), whichever logger it comes from.
  ///
  /// ```swift
  /// LoggingSystem.bootstrap(StreamLogHandler.standardError, metadataProvider: .nightshift)
  /// ```
  public static let nightshift = Logger.MetadataProvider {
    var metadata: Logger.Metadata = [:]
    if let request = LogScope.request { metadata["request"] = "\(request)" }
    if let context = JobContext.current {
      metadata["job"] = "\(context.id)"
      metadata["kind"] = "\(context.kind)"
      metadata["attempt"] = "\(context.attempt)"
    }
    return metadata
  }
}
