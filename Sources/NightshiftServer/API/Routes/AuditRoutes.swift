import HTTPTypes
import HummingbirdCore
import NIOCore
import Nightshift

extension RouteTable {
  /// Who did what.
  static let auditRoutes: [Route] = [
    .get("/api/audit", .role(.admin), query: auditFields + ["limit", "cursor"], listAudit),
    .get("/api/audit/export", .role(.admin), query: auditFields + ["format"], exportAudit),
    .get("/api/audit/verify", .role(.admin), query: ["expect", "after"], verifyAudit),
  ]

  private static let auditFields = ["actor", "verb", "subject", "address", "from", "to"]

  private static func auditFilter(_ query: Query) throws(Problem) -> AuditFilter {
    func text(_ name: String) throws(Problem) -> String? {
      try query.value(name, "at most 200 bytes long") { $0.utf8.count <= 200 ? $0 : nil }
    }
    var filter = AuditFilter()
    filter.actor = try text("actor")
    filter.verb = try text("verb")
    filter.subject = try text("subject")
    filter.address = try text("address")
    filter.from = try query.moment("from")
    filter.to = try query.moment("to")
    if let from = filter.from, let to = filter.to, from >= to {
      throw .invalid([.init(parameter: "from", "must be earlier than `to`")])
    }
    return filter
  }

  private static func listAudit(_ request: APIRequest) async throws -> Response {
    let filter = try auditFilter(request.query)
    let limit = try request.query.value("limit", "a whole number from 1 to 500") { text in
      Int(text).flatMap { (1...500).contains($0) ? $0 : nil }
    }
    let cursor = try request.query.value("cursor", "the `next` of an earlier answer") { Int64($0) }
    let page = try await request.engine.audit(filter, before: cursor, limit: limit ?? 50)
    return .json(
      .fields([
        "entries": .array(page.entries.map { JSONValue($0) }), "next": page.next.map { .string("\($0)") },
        "searchedBackTo": page.searchedBackTo.map { JSONValue($0) },
      ]))
  }

  private static func exportAudit(_ request: APIRequest) async throws -> Response {
    let filter = try auditFilter(request.query)
    let names = AuditFormat.allCases.map(\.rawValue).joined(separator: " or ")
    let format = try request.query.value("format", names) { AuditFormat(rawValue: $0) } ?? .ndjson
    let export = try await AuditExport(request.engine, filter)
    let headers: HTTPFields = [
      .contentType: format.mediaType, .contentDisposition: "attachment; filename=\"audit.\(format.rawValue)\"",
    ]
    let body = ResponseBody { writer in
      try await writer.write(ByteBuffer(string: format.head))
      var export = export
      while let entries = try await export.next() {
        guard !entries.isEmpty else { continue }
        try await writer.write(ByteBuffer(string: entries.map { format.line($0) }.joined()))
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: headers, body: body)
  }

  private static func verifyAudit(_ request: APIRequest) async throws -> Response {
    let expected = try request.query.value("expect", "a hash of 64 hexadecimal digits") { text in
      [UInt8](hexadecimal: text).flatMap { $0.count == 32 ? $0 : nil }
    }
    let after = try request.query.value("after", "the `next` of an earlier answer") { text in
      Int64(text).flatMap { $0 >= 0 ? $0 : nil }
    }
    return .json(JSONValue(try await request.engine.verifyAudit(after: after, expecting: expected)))
  }
}
