/// Jobs that are added for an organization, though it may be removed at that very moment.
extension Organization {
  /// How some names stand, of organizations for which jobs are to be added.
  struct Lookup: Sendable {
    /// Those that are there.
    var known: Set<String> = []
    /// Those that are not, though others are; where there are no organizations at all, names are free ones.
    var unknown: Set<String> = []
    /// If some are unknown, the names that there are.
    var all: [String] = []
  }

  static func lookUp(_ names: Set<String>, _ transaction: any ReadTransaction) throws(StoreError) -> Lookup {
    var lookup = Lookup()
    guard !names.isEmpty, try transaction.hasTables(of: Migration.accounts.step) else { return lookup }
    for name in names where try isThere(name, transaction) { lookup.known.insert(name) }
    let unknown = names.subtracting(lookup.known)
    guard !unknown.isEmpty else { return lookup }
    lookup.all = try transaction.query("SELECT name FROM nightshift_organizations ORDER BY name LIMIT 1000")
      .compactMap { $0.text(0) }
    if !lookup.all.isEmpty { lookup.unknown = unknown }
    return lookup
  }

  /// Has organizations stay until the end of the transaction, which is going to add jobs for them.
  ///
  /// - Returns: Those that are not there.
  static func keep(_ names: Set<String>, _ transaction: any WriteTransaction) throws(StoreError) -> Set<String> {
    var gone: Set<String> = []
    // In an order that is the same for all.
    for name in names.sorted() {
      try transaction.keep("nightshift_organizations", where: "name = ?", [.text(name)])
      if try !isThere(name, transaction) { gone.insert(name) }
    }
    return gone
  }

  private static func isThere(_ name: String, _ transaction: any ReadTransaction) throws(StoreError) -> Bool {
    try !transaction.query("SELECT 1 FROM nightshift_organizations WHERE name = ?", [.text(name)]).isEmpty
  }
}

extension Organization {
  /// Why a schedule's job cannot be added for an organization; `nil` if it can, and then the organization stays until the
  /// end of the transaction.
  static func refusal(
    ofJobsFor name: String, _ transaction: any WriteTransaction
  ) throws(StoreError) -> String? {
    guard try transaction.session.hasTaken(Migration.accounts.step) else { return nil }
    guard try !keep([name], transaction).isEmpty else { return nil }
    let lookup = try lookUp([name], transaction)
    return lookup.unknown.isEmpty ? nil : fault(of: name, among: lookup.all)
  }

  /// What is wrong with a name that no organization has.
  static func fault(of name: String, among known: [String]) -> String {
    let hint = Spelling.nearest(to: name, among: known).map { "did you mean \"\($0)\"? " } ?? ""
    return "must be one of the organizations there are, and there is no \"\(name.truncatedUTF8(to: 40))\": \(hint)"
      + "`nightshift organizations` lists them, and `nightshift organizations add` adds one"
  }
}

/// The organizations for which somebody's jobs are to be added.
struct NamedOrganizations: Sendable {
  private var names: Set<String> = []
  /// Those of them that must be there. Others are free names: there were no organizations at all, or an identity provider
  /// has said that the caller belongs there.
  private var needed: Set<String> = []

  init() {}

  init(_ names: Set<String>, needed: Set<String>) {
    (self.names, self.needed) = (names, needed)
  }

  /// Has them stay until the end of the transaction.
  ///
  /// - Throws: ``SubmissionError`` if one was removed since it was looked up: the next of its name would be shown the job.
  func keep(for records: [NewJob], _ transaction: any WriteTransaction) throws {
    guard !names.isEmpty, try transaction.session.hasTaken(Migration.accounts.step) else { return }
    let gone = try Organization.keep(names, transaction).intersection(needed)
    guard !gone.isEmpty else { return }
    let faults = records.enumerated().compactMap { index, record -> SubmissionError.Fault? in
      guard let name = record.organization, gone.contains(name) else { return nil }
      return .init(
        index: index, pointer: "#/organization",
        message: "names \"\(name.truncatedUTF8(to: 40))\", an organization that was removed a moment ago")
    }
    throw SubmissionError(faults: faults)
  }
}

extension ScheduleRecord {
  /// How many schedules enqueue for an organization, or would once what was changed at run time is taken back.
  static func count(for organization: String, _ transaction: any ReadTransaction) throws(StoreError) -> Int {
    guard try transaction.hasTables(of: Migration.schedules.step) else { return 0 }
    let rows = try transaction.query("SELECT declared, overridden FROM nightshift_schedules")
    return rows.count { row in
      [0, 1].contains { column in
        // Written by us.
        let json = row.text(column).flatMap { try? JSONValue(parsing: $0.utf8) }
        return json?["organization"]?.stringValue == organization
      }
    }
  }
}
