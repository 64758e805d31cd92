import HTTPTypes
import Nightshift

extension Problem {
  init(_ error: AccountError) {
    switch error.reason {
    case .invalid(let field): self = .invalid([.init("#/\(field)", error.description)])
    case .missing: self = .notFound(error.description)
    case .conflict: self = .conflict(error.description)
    case .forbidden: self.init(.forbidden, "forbidden", error.description)
    case .wrongPassword: self.init(.forbidden, "wrong_password", error.description)
    case .locked: self.init(.tooManyRequests, "locked", error.description, headers: [.retryAfter: "60"])
    case .overloaded: self.init(.serviceUnavailable, "overloaded", error.description, headers: [.retryAfter: "2"])
    }
  }
}
