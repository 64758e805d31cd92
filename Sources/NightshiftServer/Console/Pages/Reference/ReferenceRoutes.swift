import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// The description of the API, for people and for programs.
  static let referenceRoutes: [Route] = [
    .page("/reference", .role(.viewer)) { request in
      try await request.page(ReferencePage.shared, at: nil)
    },
    .get("/openapi.json", .role(.viewer)) { request in
      let description = APIDescription.embedded
      let headers: HTTPFields = [.eTag: description.etag, .cacheControl: "no-cache"]
      guard !request.headers.matches(etag: description.etag) else {
        return Response(status: .notModified, headers: headers)
      }
      return .bytes(description.bytes, type: "application/json", headers: headers)
    },
  ]
}
