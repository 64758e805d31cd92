/// A kind with its handler, as a process knows it.
package struct KindRegistration: Sendable {
  package typealias Handler = @Sendable (JobContext, [UInt8]) async throws -> [UInt8]?

  package var kind: JobKind
  package var options: KindOptions
  /// Where the handler comes from, for people: `Swift`, `built in`, `jobs/report/job.yaml`.
  package var source: String
  /// What payloads have to look like; checked at enqueue, in whichever process that is.
  package var schema: PayloadSchema?
  /// Whether the handler only watches another process, so that the death of this one says nothing about the job.
  package var runsOutside: Bool
  /// Runs one attempt with the payload's bytes and returns the result's JSON, if there is one.
  package var handler: Handler

  package init(
    kind: JobKind, options: KindOptions, source: String, schema: PayloadSchema? = nil, runsOutside: Bool = false,
    handler: @escaping Handler
  ) {
    self.kind = kind
    self.options = options
    self.source = source
    self.schema = schema
    self.runsOutside = runsOutside
    self.handler = handler
  }
}
