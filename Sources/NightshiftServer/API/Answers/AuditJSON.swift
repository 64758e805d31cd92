import Foundation
import Nightshift

extension JSONValue {
  init(_ entry: AuditEntry) { self = .fields(Self.auditFields(entry)) }

  fileprivate static func auditFields(_ entry: AuditEntry) -> [String: JSONValue?] {
    [
      "id": .string("\(entry.id)"), "at": JSONValue(entry.at), "actor": .string(entry.actor),
      "role": .string(entry.role), "address": entry.address.map(JSONValue.string), "verb": .string(entry.verb),
      "subject": .string(entry.subject), "detail": entry.detail.map { JSONValue(stored: Array($0.utf8)) },
      "sequence": entry.link.map { .integer($0.sequence) }, "hash": entry.link.map { .string($0.hash.hexadecimal) },
    ]
  }

  init(_ verification: AuditVerification) {
    self = .fields([
      "intact": .bool(verification.problemCount == 0), "entries": .integer(verification.entries),
      "head": JSONValue(verification.head), "deletedUpTo": JSONValue(verification.anchor),
      "problemCount": JSONValue(verification.problemCount),
      "problems": .array(
        verification.problems.map { ["sequence": .integer($0.sequence), "found": .string($0.found)] }),
      "expectedAt": verification.expectedAt.map(JSONValue.integer), "next": verification.next.map(JSONValue.integer),
    ])
  }

  private init(_ link: AuditLink) {
    self = ["sequence": .integer(link.sequence), "hash": .string(link.hash.hexadecimal)]
  }
}

/// How the audit log is written out.
enum AuditFormat: String, CaseIterable {
  case ndjson, csv

  var mediaType: String {
    switch self {
    case .ndjson: "application/x-ndjson"
    case .csv: "text/csv; charset=utf-8; header=present"
    }
  }

  var head: String {
    switch self {
    case .ndjson: ""
    case .csv: "sequence,id,at,microseconds,actor,role,address,verb,subject,detail,hash\r\n"
    }
  }

  /// All that the hash covers stands in it, exactly: `microseconds` is what `at` rounds.
  func line(_ entry: AuditEntry) -> String {
    switch self {
    case .ndjson:
      var fields = JSONValue.auditFields(entry)
      fields["microseconds"] = .integer(entry.at.microseconds)
      return "\(JSONValue.fields(fields))\n"
    case .csv:
      let fields = [
        entry.link.map { "\($0.sequence)" } ?? "", "\(entry.id)", entry.at.rfc3339, "\(entry.at.microseconds)",
        entry.actor, entry.role, entry.address ?? "", entry.verb, entry.subject, entry.detail ?? "",
        entry.link?.hash.hexadecimal ?? "",
      ]
      return fields.map(Self.field).joined(separator: ",") + "\r\n"
    }
  }

  /// RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe, as they themselves write it: names
  /// are chosen by those who are watched here.
  static func field(_ text: String) -> String {
    var text = text
    if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first), Int64(text) == nil {
      text = "'" + text
    }
    guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
    return "\"\(text.replacing("\"", with: "\"\""))\""
  }
}
