import Nightshift

/// A page with all that is around it.
struct Document<Page: PageModel>: Sendable {
  struct Place: Sendable {
    let name: String
    let path: String
    let icon: String
    let shortcut: String
    let isCurrent: Bool
    let badge: String?
    let isLive: Bool
  }

  struct Person: Sendable {
    let name: String
    let role: String
    /// For whom it makes sense: whoever has a session.
    let canSignOut: Bool
  }

  let documentTitle: String
  let assets: String
  let csrf: String?
  let person: Person
  let atHand: [Place]
  let others: [Place]
  let isOther: Bool
  let flash: FlashView?
  let page: Page

  init(_ page: Page, at current: ConsoleSection?, for request: APIRequest, waiting: Int, flash: FlashView?) {
    let seesAll = request.actor.reach.isEverything
    let places = ConsoleSection.available.filter { request.actor.role >= $0.role }.map(\.section)
      .filter { seesAll || !$0.isOfAllJobs }
    func place(_ section: ConsoleSection) -> Place {
      let isInbox = section == .approvals
      return Place(
        name: section.name, path: section.path, icon: section.rawValue, shortcut: section.key,
        isCurrent: section == current, badge: isInbox && waiting > 0 ? waiting.badge : nil, isLive: isInbox)
    }
    documentTitle = page.title
    assets = Assets.embedded.path
    csrf = request.csrf
    person = Person(
      name: request.actor.id, role: request.actor.role.rawValue, canSignOut: request.csrf != nil)
    atHand = places.filter(\.isAtHand).map(place)
    others = places.filter { !$0.isAtHand }.map(place)
    isOther = current.map { !$0.isAtHand } ?? false
    self.flash = flash
    self.page = page
  }
}

extension Int {
  /// How many wait, as a badge has room for it.
  var badge: String { self > 99 ? "99+" : "\(self)" }
}
