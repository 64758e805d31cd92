import Nightshift

/// The list of jobs.
struct JobsPage: PageModel {
  static let template = "jobs"

  struct Tab: Sendable {
    let name: String
    let tone: String
    let path: String
    /// `nil` for those who see a part of the jobs only: of these nobody keeps count.
    let count: String?
    let isChosen: Bool
  }

  struct Option: Sendable {
    let name: String
    let isChosen: Bool
  }

  struct View: Sendable {
    let name: String
    let path: String
    let isChosen: Bool
  }

  let title = "Jobs"
  let everything: PauseView?
  let views: [View]
  let hasViews: Bool
  let tabs: [Tab]
  let kinds: [Option]
  let queues: [Option]
  let state: String?
  let tags: [String]
  let organization: String?
  let owner: String?
  /// Whether one of the filters is in use that are folded away.
  let isFilteredMore: Bool
  /// Whether there are jobs of others to tell apart.
  let seesOthers: Bool
  let search: String?
  /// Whether a search looks into what jobs hold, and not only at their kinds and tags.
  let searchesContents: Bool
  let rows: [JobRow]
  let isEmpty: Bool
  let isNarrowed: Bool
  let searchedBackTo: TimeView?
  let next: String?
  let first: String?
  let mayChange: Bool
  let mayEnqueue: Bool
  /// The filter as the address has it, for actions on all that it means.
  let filter: String
  let here: String
  let isLive: Bool

  init(_ found: JobPage, _ listing: JobListing, for request: APIRequest) {
    let now = request.engine.clock.now
    let isOperator = request.actor.role >= .operator
    everything = listing.everything.map { PauseView($0, now: now) }
    mayChange = isOperator
    mayEnqueue = request.actor.role >= .member
    rows = found.jobs.map { JobRow($0, now: now, mayChoose: isOperator, error: listing.errors[$0.id]) }
    isEmpty = found.jobs.isEmpty
    isNarrowed = !listing.filter.isEmpty || listing.cursor != nil
    searchedBackTo = TimeView(found.searchedBackTo, now: now)
    next = found.next.map { listing.path(cursor: $0) }
    first = listing.cursor == nil ? nil : listing.path(cursor: nil)
    filter = listing.query
    here = listing.path(cursor: listing.cursor)
    state = listing.filter.states.count == 1 ? listing.filter.states.first?.rawValue : nil
    // An empty one is for another tag.
    tags = listing.filter.tags.sorted() + [""]
    (organization, owner) = (listing.filter.organization, listing.filter.owner)
    isFilteredMore = !listing.filter.tags.isEmpty || organization != nil || owner != nil
    seesOthers = request.actor.reach.isEverything
    search = listing.filter.search
    searchesContents = Redactor.current == nil
    kinds = Self.options(listing.kinds, listing.filter.kinds)
    queues = Self.options(listing.queues.map(\.name), listing.filter.queues)
    tabs = Self.tabs(listing, isCounted: request.actor.reach.isEverything)
    views = listing.views.map { View(name: $0.name, path: "/jobs?\($0.query)", isChosen: $0.query == listing.query) }
    hasViews = !listing.views.isEmpty
    isLive = listing.cursor == nil
  }

  private static func options(_ all: [String], _ chosen: Set<String>) -> [Option] {
    Set(all).union(chosen).sorted().map { Option(name: $0, isChosen: chosen.contains($0)) }
  }

  private static func tabs(_ listing: JobListing, isCounted: Bool) -> [Tab] {
    var counts: [JobState: Int] = [:]
    for queue in listing.queues where listing.filter.queues.isEmpty || listing.filter.queues.contains(queue.name) {
      counts.merge(queue.counts) { $0 + $1 }
    }
    let all = Tab(
      name: "all", tone: "", path: listing.path(state: nil),
      count: isCounted ? counts.values.reduce(0, +).grouped : nil,
      isChosen: listing.filter.states.isEmpty)
    let order: [JobState] = [.running, .ready, .scheduled, .waiting, .blocked, .dead, .cancelled, .completed]
    return [all]
      + order.map { state in
        Tab(
          name: state.rawValue, tone: state.rawValue, path: listing.path(state: state),
          count: isCounted ? (counts[state] ?? 0).grouped : nil, isChosen: listing.filter.states == [state])
      }
  }
}

/// Which jobs a page lists, as its address says.
struct JobListing: Sendable {
  var filter: JobFilter
  var cursor: JobID?
  var kinds: [String] = []
  var queues: [QueueSummary] = []
  var views: [SavedView] = []
  /// The pause of all queues, while there is one.
  var everything: Pause?
  var errors: [JobID: Failure] = [:]

  private func parameters(_ states: [JobState]) -> [(name: String, value: String?)] {
    var parameters: [(name: String, value: String?)] = []
    func add(_ name: String, _ values: [String]) { for value in values { parameters.append((name, value)) } }
    add("state", states.map(\.rawValue))
    add("kind", filter.kinds.sorted())
    add("queue", filter.queues.sorted())
    add("tag", filter.tags.sorted())
    add("search", filter.search.map { [$0] } ?? [])
    add("organization", filter.organization.map { [$0] } ?? [])
    add("owner", filter.owner.map { [$0] } ?? [])
    return parameters
  }

  private var states: [JobState] { filter.states.sorted { $0.code < $1.code } }

  var query: String { String(ConsoleLink.path("", parameters(states)).dropFirst()) }

  func path(cursor: JobID?) -> String {
    var parameters = parameters(states)
    if let cursor { parameters.append(("cursor", "\(cursor)")) }
    return ConsoleLink.path("/jobs", parameters)
  }

  func path(state: JobState?) -> String { ConsoleLink.path("/jobs", parameters(state.map { [$0] } ?? [])) }
}
