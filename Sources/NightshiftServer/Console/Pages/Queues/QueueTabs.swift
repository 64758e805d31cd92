/// What belongs to queues and has a page of its own. The partial `queue-tabs` shows it.
struct QueueTabs: Sendable {
  enum Tab: String, CaseIterable {
    case queues, limits, breakers, kinds

    var name: String {
      switch self {
      case .breakers: "Circuit breakers"
      default: rawValue.prefix(1).uppercased() + rawValue.dropFirst()
      }
    }
  }

  struct Item: Sendable {
    let name: String
    let path: String
    let isChosen: Bool
  }

  let items: [Item]

  init(_ current: Tab) {
    items = Tab.allCases.map { Item(name: $0.name, path: "/\($0.rawValue)", isChosen: $0 == current) }
  }
}
