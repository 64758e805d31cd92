/// A value that is bound to a statement's parameter or read from a column.
package enum SQLValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case text(String)
  case bytes([UInt8])
}

extension SQLValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(stringLiteral value: String) { self = .text(value) }
  package init(nilLiteral: ()) { self = .null }

  package init(_ value: Int) { self = .integer(Int64(value)) }
  package init(_ value: Int64?) { self = value.map(SQLValue.integer) ?? .null }
  package init(_ value: String?) { self = value.map(SQLValue.text) ?? .null }
  package init(_ value: [UInt8]?) { self = value.map(SQLValue.bytes) ?? .null }
  package init(_ value: Timestamp?) { self = value.map { .integer($0.microseconds) } ?? .null }
  package init(_ value: JobID?) { self = value.map { .integer($0.rawValue) } ?? .null }
}

/// One row of a result. Columns are read by position, since that is what both databases promise.
package struct SQLRow: Sendable {
  package var values: [SQLValue]

  package init(_ values: [SQLValue]) { self.values = values }

  package func integer(_ column: Int) -> Int64? {
    if case .integer(let value) = values[column] { value } else { nil }
  }

  package func text(_ column: Int) -> String? {
    if case .text(let value) = values[column] { value } else { nil }
  }

  package func bytes(_ column: Int) -> [UInt8]? {
    switch values[column] {
    case .bytes(let value): value
    case .text(let value): Array(value.utf8)
    case .null, .integer: nil
    }
  }

  package func timestamp(_ column: Int) -> Timestamp? { integer(column).map(Timestamp.init(microseconds:)) }
  package func job(_ column: Int) -> JobID? { integer(column).map(JobID.init(rawValue:)) }
}
