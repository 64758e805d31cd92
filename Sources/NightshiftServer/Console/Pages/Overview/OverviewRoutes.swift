import Nightshift

extension RouteTable {
  static let overviewRoutes: [Route] = [
    .page("/overview", .role(.viewer)) { request in
      try await request.page(OverviewPage(), at: .overview)
    }
  ]
}

/// How the whole is doing.
struct OverviewPage: PageModel {
  static let template = "overview"
  let title = "Overview"
}
