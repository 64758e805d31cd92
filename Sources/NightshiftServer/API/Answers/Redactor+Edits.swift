import Foundation
import Nightshift

/// What was edited by somebody who was not shown all of it: where the mark stands, the hidden value stays. Whoever edits
/// what stands around it must not have it sent to itself by that.
extension APIRequest {
  /// A payload that was edited, with what the editor was not shown.
  func restored(_ edited: JSONValue?, ofJob id: JobID) async throws -> JSONValue? {
    guard let edited, let redactor = try await redactor(of: id), let job = try await engine.job(id) else {
      return edited
    }
    redactor.learn(job)
    return try redactor.restored(edited, from: JSONValue(stored: job.payload), ofKind: job.summary.kind)
  }

  /// An answer that was edited, with what the editor was not shown.
  func restored(_ edited: JSONValue?, ofCheckpoint id: CheckpointID) async throws -> JSONValue? {
    guard let edited, Redactor.current != nil, let checkpoint = try await engine.checkpoint(id),
      let original = checkpoint.answer ?? checkpoint.data, let redactor = try await redactor(of: checkpoint.job)
    else { return edited }
    return redactor.restored(edited, from: original)
  }

  /// One that knows what is hidden of a job, as it was shown to the editor; `nil` for whoever may see everything.
  private func redactor(of job: JobID) async throws -> Redactor? {
    guard let redaction = Redactor.current?.redaction else { return nil }
    let texts = try await engine.hiddenTexts(of: [job], by: redaction)
    return Redactor(redaction, knowing: texts[job] ?? [])
  }

  /// Fields of a schedule that were edited by somebody who was not shown all of them.
  func restored(_ edited: JSONValue, of record: ScheduleRecord) throws(Problem) -> JSONValue {
    guard let redactor = Redactor.current, case .object(var fields) = edited else { return edited }
    let (original, shown) = (record.json, record.shown)
    let kind = fields["kind"] ?? original["kind"]
    if let payload = fields["payload"], let former = original["payload"] {
      fields["payload"] = try redactor.restored(payload, from: former, ofKind: kind?.stringValue ?? "")
    }
    // These may repeat what the payload hides, and are texts.
    for name in ["limitKey", "tags"] where fields[name] != nil && fields[name] == shown[name] {
      fields[name] = original[name]
    }
    guard kind != original["kind"] else { return .object(fields) }
    for name in ["payload", "limitKey", "tags"] {
      // What is not sent stays as it is.
      let staysHidden = edited[name].map { $0 != fields[name] } ?? (shown[name] != original[name])
      guard staysHidden else { continue }
      throw .invalid([
        .init(
          "#/\(name)",
          "holds a value that you are not shown, and would hand it to another kind: send the value itself, or leave "
            + "`kind` as it is")
      ])
    }
    return .object(fields)
  }
}

extension Redactor {
  /// What was left as it was shown, be it hidden or a text that repeats what is, is what it was.
  fileprivate func restored(_ edited: JSONValue, from original: JSONValue) -> JSONValue {
    redaction.restored(edited.restored(shownAs: document(original), from: original), from: original)
  }

  /// - Throws: A 422 where the hidden value of a call would go elsewhere than before.
  fileprivate func restored(
    _ edited: JSONValue, from original: JSONValue, ofKind kind: String
  ) throws(Problem) -> JSONValue {
    let whole = restored(edited, from: original)
    guard kind == "http", whole != edited, CallPlace(whole) != CallPlace(original) else { return whole }
    throw .invalid([
      .init(
        "#/payload/url",
        "leads elsewhere than before (scheme, host, port or the header `Host`), and what you are not shown would be sent "
          + "there: send the value itself")
    ])
  }
}

extension JSONValue {
  fileprivate func restored(shownAs shown: JSONValue, from original: JSONValue) -> JSONValue {
    if self == shown { return original }
    switch (self, shown, original) {
    case (.object(var fields), .object(let shown), .object(let original)):
      for (name, field) in fields {
        guard let shown = shown[name], let original = original[name] else { continue }
        fields[name] = field.restored(shownAs: shown, from: original)
      }
      return .object(fields)
    case (.array(var items), .array(let shown), .array(let original)):
      for place in items.indices.prefix(min(shown.count, original.count)) {
        items[place] = items[place].restored(shownAs: shown[place], from: original[place])
      }
      return .array(items)
    default: return self
    }
  }
}

/// Where a job of the kind `http` sends what it is given.
private struct CallPlace: Equatable {
  private let scheme: String?
  private let host: String?
  private let port: Int?
  private let hostHeaders: [String: JSONValue]
  /// Compared as it is if it cannot be taken apart.
  private let url: JSONValue?

  init(_ payload: JSONValue) {
    // Read as the kind itself reads it.
    let url = payload["url"]?.stringValue.flatMap { URL(string: $0) }
    let (scheme, host) = (url?.scheme?.lowercased(), url?.host()?.lowercased())
    (self.scheme, self.host) = (scheme, host)
    port = url?.port ?? (scheme == "https" ? 443 : scheme == "http" ? 80 : nil)
    self.url = scheme == nil || host == nil ? payload["url"] : nil
    // By it one address serves many hosts.
    let headers = payload["headers"]?.objectValue ?? [:]
    hostHeaders = headers.filter { [":authority", "host"].contains($0.key.lowercased()) }
  }
}
