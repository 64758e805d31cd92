import HTTPTypes
import Nightshift

/// A request that has passed the gate: its route is found, its caller may use it, its body is read.
struct APIRequest: Sendable {
  let engine: Engine
  let readiness: ReadinessProbe
  /// How the server is set up, for the page that shows it.
  var settings: [SettingLine] = []
  let method: HTTPRequest.Method
  let headers: HTTPFields
  /// What stands in the gaps of the route's path.
  let parameters: [String: String]
  let query: Query
  let actor: Actor
  /// Whether the caller still has the right by which it came in; asked now and then while a stream is open.
  let isStillAllowed: @Sendable () async -> Bool
  /// Whether the command line asks within this process.
  var isInProcess = false
  /// How long requests to this process took.
  var statistics: RequestStatistics?
  /// The JSON object that was sent; `nil` if none was.
  var body: JSONValue?
  /// The fields of the form that was sent; empty if none was.
  var form = FormFields()
  /// The session in which a browser asks; `nil` for callers with a token, and for nobody in particular.
  var session: Session?
  /// What a page's forms send back, so that no other site's form can do anything; `nil` without a session.
  var csrf: String? { session?.csrf }
  /// Whether the browser talks to us, or to a proxy that we trust, over TLS.
  var isSecure = false
  /// What speaks against a page of ours having sent it.
  var siteFault: Problem?
  /// Where it came from, as far as we and the proxies that we trust know.
  var address: String?
  /// The path as it was asked for.
  var path = "/"

  /// Refuses what the browser says that another site's page has sent.
  func checkSite() throws(Problem) {
    if let siteFault { throw siteFault }
  }

  /// The job that the path names.
  func jobID() throws(Problem) -> JobID {
    let text = parameters["id"] ?? ""
    guard let id = JobID(text) else {
      throw .notFound(
        "There is no job \"\(text.truncatedUTF8(to: 40))\": an id is job_ and 13 letters and digits."
      )
    }
    return id
  }

  /// The queue that the path names.
  func queueName() throws(Problem) -> QueueName {
    let text = parameters["name"] ?? ""
    guard let name = QueueName(rawValue: text) else {
      throw .notFound(
        "There is no queue \"\(text.truncatedUTF8(to: 100))\".", remedy: "`GET /api/queues` lists those there are.")
    }
    return name
  }

  static func noSuchJob(_ id: JobID) -> Problem {
    .notFound("There is no job \(id). It may have been discarded, or pruned after its time.")
  }
}
