import Foundation
import HTTPTypes
import Nightshift

/// How a file that a job has made is handed to a browser: as something to look at or to keep, never as a page
/// that runs with our origin's rights.
enum ArtifactHeaders {
  static func headers(for record: ArtifactRecord) -> HTTPFields {
    [
      .eTag: "\"\(record.sha256)\"",
      .cacheControl: "private, no-cache",
      .contentSecurityPolicy: "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
      .contentDisposition:
        "\(isShown(record) ? "inline" : "attachment"); filename*=UTF-8''\(escaped(record.name))",
    ]
  }

  /// The type as it was given, unless a header could not carry it.
  static func type(of record: ArtifactRecord) -> String {
    guard record.type.contains("/"), HTTPField.isValidValue(record.type) else {
      return "application/octet-stream"
    }
    return record.type.lowercased() == "text/plain" ? "text/plain; charset=utf-8" : record.type
  }

  private static func isShown(_ record: ArtifactRecord) -> Bool {
    let type = record.type.split(separator: ";").first?.trimmingSpaces.lowercased() ?? ""
    // An SVG is a document with scripts.
    if type == "image/svg+xml" { return false }
    return type.hasPrefix("image/") || ["application/pdf", "text/plain", "text/csv"].contains(type)
  }

  private static func escaped(_ name: String) -> String {
    name.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._")))
      ?? ""
  }
}
