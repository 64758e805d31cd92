import Foundation
import Nightshift

/// Paths that answers point to. Relative to the host, since behind a proxy only the caller knows that.
enum Links {
  static func status(of job: JobID) -> String { "/api/jobs/\(job)" }

  static func workflow(_ id: WorkflowID) -> String { "/api/workflows/\(id)" }

  static func live(of job: JobID) -> String { "/api/jobs/\(job)/events" }

  static func artifact(_ name: String, of job: JobID) -> String {
    // A slash in a name must not look like one between segments.
    let allowed = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: "/"))
    let escaped = name.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    return "/api/jobs/\(job)/artifacts/\(escaped)"
  }
}
