import CLibPQ
import Nightshift

/// The rows of one statement, in binary format. Rows and columns count from 0.
package final class PostgresResult {
  private let handle: OpaquePointer

  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { PQclear(handle) }

  package var count: Int { Int(PQntuples(handle)) }

  /// How many rows the statement changed, or returned.
  var affected: Int { Int(String(cString: PQcmdTuples(handle))) ?? 0 }

  /// What the server says that it has done: `INSERT 0 5`.
  var tag: String { String(cString: PQcmdStatus(handle)) }

  package func integer(_ row: Int, _ column: Int) -> Int64? {
    guard let value = bytes(row, column) else { return nil }
    switch PQftype(handle, Int32(column)) {
    case 16: return Int64(value[0])
    case 1700: return Self.integer(numeric: value)
    default:
      // `int2`, `int4`, `int8`, by their length.
      var integer: Int64 = value.count > 0 && value[0] & 0x80 != 0 ? -1 : 0
      for byte in value { integer = integer << 8 | Int64(byte) }
      return integer
    }
  }

  func text(_ row: Int, _ column: Int) -> String? { bytes(row, column).map { String(decoding: $0, as: UTF8.self) } }

  /// The value where libpq keeps it, as long as the result lives; `nil` for `NULL`.
  func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
    let (row, column) = (Int32(row), Int32(column))
    guard PQgetisnull(handle, row, column) == 0 else { return nil }
    return UnsafeRawBufferPointer(
      start: PQgetvalue(handle, row, column), count: Int(PQgetlength(handle, row, column)))
  }

  func row(_ row: Int) -> SQLRow {
    SQLRow(
      (0..<Int(PQnfields(handle))).map { column in
        guard let value = bytes(row, column) else { return .null }
        switch PQftype(handle, Int32(column)) {
        case 16, 20, 21, 23, 1700: return .integer(integer(row, column)!)
        case 17: return .bytes(Array(value))
        default: return .text(String(decoding: value, as: UTF8.self))
        }
      })
  }

  var rows: [SQLRow] { (0..<count).map(row) }

  /// A whole number out of a `numeric`, as which PostgreSQL adds up 64-bit integers: number of base-10,000 digits, the
  /// first one's weight, sign, scale, digits (`numeric_send` in the server's `numeric.c`). What is behind the point is
  /// cut off; what does not fit becomes the largest number there is.
  private static func integer(numeric value: UnsafeRawBufferPointer) -> Int64 {
    func word(_ index: Int) -> Int64 { Int64(value[2 * index]) << 8 | Int64(value[2 * index + 1]) }
    let (count, weight, isNegative) = (Int(word(0)), Int(Int16(truncatingIfNeeded: word(1))), word(2) == 0x4000)
    var sum: Int64 = 0
    guard weight >= 0 else { return 0 }
    for position in 0...weight {
      let digit = position < count ? word(4 + position) : 0
      let (product, overflow) = sum.multipliedReportingOverflow(by: 10_000)
      let (next, carry) = product.addingReportingOverflow(digit)
      guard !overflow, !carry else { return isNegative ? .min : .max }
      sum = next
    }
    return isNegative ? -sum : sum
  }
}

extension PostgresResult {
  /// The jobs that a result of one column names.
  var jobs: Set<JobID> { Set((0..<count).map { JobID(rawValue: integer($0, 0)!) }) }
}
