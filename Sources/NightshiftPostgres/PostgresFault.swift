import CLibPQ
import Nightshift

/// What went wrong with a statement, and what that means for the transaction it was part of.
struct PostgresFault: Error {
  enum Consequence {
    /// The transaction was undone; the same again may well succeed: a deadlock, a conflict with another transaction.
    case tryAgain
    /// The connection is gone. What was not committed is undone; whether a commit in flight landed is unknown.
    case connectionLost
    /// The same again would fail again.
    case final
  }

  var consequence: Consequence
  var error: StoreError
  /// Whether the server, or the transaction, takes no writes.
  var isReadOnly = false

  /// What the server has answered.
  init(_ result: OpaquePointer, doing sql: String) {
    let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
    let words = String(cString: PQresultErrorMessage(result)).trimmedEnd
    (consequence, error) = Self.judge(state, words, sql)
    isReadOnly = state == "25006"
  }

  init(_ consequence: Consequence, _ error: StoreError) {
    self.consequence = consequence
    self.error = error
  }

  /// Nothing came back, or nothing could be sent.
  static func lost(_ words: String) -> PostgresFault {
    PostgresFault(
      .connectionLost,
      StoreError(
        .unavailable, "The connection to PostgreSQL was lost. It is safe to try again.", cause: words.trimmedEnd))
  }

  /// By SQLSTATE: https://www.postgresql.org/docs/15/errcodes-appendix.html
  private static func judge(_ state: String, _ words: String, _ sql: String) -> (Consequence, StoreError) {
    func error(_ code: StoreError.Code, _ message: String) -> StoreError {
      StoreError(code, message, cause: "\(words) [\(state)]")
    }
    switch state {
    // Serialization, deadlock; a key that another transaction has just taken, as two processes that start together do;
    // a lock that was not to be had in time.
    case "40001", "40P01", "23505", "55P03":
      return (
        .tryAgain, error(.unavailable, "Another transaction was in the way, again and again. Nothing was written.")
      )
    // The server stops, or a person has ended the connection; a primary that is none any more.
    case "57P01", "57P02", "57P03", "08000", "08003", "08006", "25P03":
      return (.connectionLost, error(.unavailable, "PostgreSQL is not available. It is safe to try again."))
    case "25006":
      return (
        .connectionLost,
        error(
          .readOnly,
          "This PostgreSQL server takes no writes: it is a standby, or was made read-only. Nothing was written.")
      )
    case "53100":
      return (.final, error(.full, "PostgreSQL's disk is full. Nothing was written. Make room on its volume."))
    case "53300", "53400":
      return (
        .connectionLost,
        error(.unavailable, "PostgreSQL has no connection left. Raise max_connections, or use fewer processes.")
      )
    case "57014":
      return (
        .final, error(.unavailable, "PostgreSQL took too long and the statement was cancelled. Nothing was written.")
      )
    case "42P01", "42703":
      return (
        .final,
        error(.wrongVersion, "The database lacks a table or column. Run `nightshift db migrate`. Statement: \(sql)")
      )
    case "42501":
      return (.final, error(.readOnly, "PostgreSQL refuses this user. Grant it what the message names."))
    default: return (.final, error(.invalid, "PostgreSQL refused a statement: \(sql)"))
    }
  }
}

extension String {
  var trimmedEnd: String {
    var text = self[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
