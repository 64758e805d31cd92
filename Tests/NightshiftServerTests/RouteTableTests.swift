import Foundation
import HTTPTypes
import Nightshift
import Testing
import Yams

@testable import NightshiftServer

@Suite struct `The route table` {
  @Test func `lets each role in where it may and nowhere else`() async throws {
    try await TestAPI.run(worker: false) { test in
      for route in RouteTable.api.routes {
        guard route.surface == .api, case .role(let needed) = route.access else { continue }
        for role in Role.allCases where role < needed {
          let answer = try await test.call(route.method, route.examplePath, as: role, body: route.exampleBody)
          #expect(answer.status == 403, "\(role) at \(route.testDescription)")
          #expect(answer.detail.contains("`\(needed.rawValue)`"))
        }
        let unknown = try await test.call(route.method, route.examplePath, as: nil, body: route.exampleBody)
        #expect(unknown.status == 401, "nobody at \(route.testDescription)")
        #expect(unknown.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
        if case .live = route.handler { continue }  // A stream does not end while nothing does.
        for role in Role.allCases where role >= needed {
          let answer = try await test.call(route.method, route.examplePath, as: role, body: route.exampleBody)
          #expect(
            ![401, 403, 405, 500].contains(answer.status),
            "\(role) at \(route.testDescription): \(answer.text)")
        }
      }
    }
  }

  @Test func `lets each role into the pages where it may and nowhere else`() async throws {
    try await TestAPI.run(worker: false) { test in
      for route in RouteTable.api.routes where route.surface == .console {
        guard case .role(let needed) = route.access else { continue }
        let headers: HTTPFields = route.body == .form ? [.contentType: "application/x-www-form-urlencoded"] : [:]
        for role in Role.allCases where role < needed {
          let answer = try await test.call(route.method, route.examplePath, as: role, headers: headers)
          #expect(answer.status == 403, "\(role) at \(route.testDescription)")
          #expect(answer.headers[.contentType]?.hasPrefix("text/html") == true)
        }
        let stranger = try await test.call(route.method, route.examplePath, as: nil, headers: headers)
        #expect(stranger.status == 303, "nobody at \(route.testDescription)")
        #expect(stranger.headers[.location]?.hasPrefix("/sign-in") == true)
        for role in Role.allCases where role >= needed {
          let answer = try await test.call(route.method, route.examplePath, as: role, headers: headers)
          #expect(
            ![401, 403, 405, 500].contains(answer.status), "\(role) at \(route.testDescription): \(answer.status)")
        }
      }
    }
  }

  @Test func `opens only health, the door and what pages are made of to everybody`() {
    let open = RouteTable.api.routes.filter { $0.access == .open }.map(\.path.description)
    #expect(Set(open) == ["/healthz", "/readyz", "/sign-in", "/assets/{version}/{name}", "/favicon.ico"])
  }

  @Test func `names an audit verb for each change`() {
    for route in RouteTable.api.routes {
      #expect((route.audit == nil) == (route.method == .get), "\(route.testDescription)")
    }
  }

  @Test func `is what the OpenAPI file says`() throws {
    let file = URL(filePath: #filePath).appending(path: "../../../docs/openapi.yaml").standardized
    let document = try #require(
      try Yams.load(yaml: String(contentsOf: file, encoding: .utf8)) as? [String: Any])
    let paths = try #require(document["paths"] as? [String: [String: Any]])
    var documented: Set<String> = []
    for (path, operations) in paths {
      for (method, value) in operations where method != "parameters" {
        let operation = try #require(value as? [String: Any])
        let role = operation["x-nightshift-role"] as? String ?? "none"
        let listed =
          (operation["parameters"] as? [[String: Any]] ?? [])
          + (operations["parameters"] as? [[String: Any]] ?? [])
        let parameters = listed.map { Self.resolve($0, document) }
        let query = parameters.filter { $0["in"] as? String == "query" }.compactMap { $0["name"] as? String }
          .sorted()
        let hasBody = operation["requestBody"] != nil
        documented.insert("\(method.uppercased()) \(path) \(role) \(query) \(hasBody)")
      }
    }
    let routes = RouteTable.api.routes.filter { $0.surface == .api }.map { route in
      "\(route.method) \(route.path) \(route.roleName) \(route.query.sorted()) \(route.body != .none)"
    }
    #expect(Set(routes).subtracting(documented).sorted() == [], "missing in the file")
    #expect(documented.subtracting(routes).sorted() == [], "in the file only")
  }

  /// What a `$ref` to one of the document's own parameters stands for.
  private static func resolve(_ parameter: [String: Any], _ document: [String: Any]) -> [String: Any] {
    guard let name = (parameter["$ref"] as? String)?.split(separator: "/").last else { return parameter }
    let components = document["components"] as? [String: Any]
    return (components?["parameters"] as? [String: [String: Any]])?[String(name)] ?? [:]
  }
}

extension Route {
  var roleName: String {
    switch access {
    case .open: "none"
    case .role(let role), .roleOrLoopback(let role): role.rawValue
    }
  }

  /// A path that fits the template and names nothing that exists.
  var examplePath: String {
    path.description.replacing(
      "{id}", with: path.description.contains("jobs") ? "job_0000000000001" : "nobody"
    )
    .replacing("{name}", with: "nothing")
  }

  var exampleBody: String? {
    switch body {
    case .none, .form: nil
    case .object, .optionalObject: "{}"
    }
  }
}

extension Route: CustomTestStringConvertible {
  /// For messages of failed tests.
  public var testDescription: String { "\(method) \(path)" }
}
