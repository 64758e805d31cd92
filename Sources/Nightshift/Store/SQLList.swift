/// Ids for `IN (…)`, in lists of few different lengths, so that a database prepares few different statements.
package struct SQLList {
  private static let lengths = [1, 10, 100]

  /// The marks between the parentheses.
  package let marks: String
  package let values: [SQLValue]

  private init(_ ids: ArraySlice<JobID>, length: Int) {
    marks = Array(repeating: "?", count: length).joined(separator: ", ")
    // The last one once more changes nothing.
    values = ids.map { SQLValue($0) } + Array(repeating: SQLValue(ids.last), count: length - ids.count)
  }

  package static func lists(of ids: [JobID]) -> [SQLList] {
    var lists: [SQLList] = []
    var rest = ids[...]
    while !rest.isEmpty {
      let length = lengths.first { $0 >= rest.count } ?? lengths.last!
      lists.append(SQLList(rest.prefix(length), length: length))
      rest = rest.dropFirst(length)
    }
    return lists
  }
}
