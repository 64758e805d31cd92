import HTTPTypes
import HummingbirdCore
import Nightshift

/// What a form did, told once on the page that comes after it.
///
/// It travels as a cookie that holds a word of this list and a number: whoever could set it could make a page say nothing
/// that it does not say anyway.
struct Flash: Sendable {
  enum Message: String, CaseIterable, Sendable {
    case approved, agreed, rejected, enqueued, cancelled, retried, discarded, released, signalled, forked, saved,
      removed, revoked
    case started, aborted, ignored, unignored, paused, resumed, changed
    case enabled, disabled, reset, told
  }

  static let cookie = "nightshift_flash"

  let message: Message
  var count = 1

  init(_ message: Message, count: Int = 1) {
    self.message = message
    self.count = count
  }

  init?(in headers: HTTPFields) {
    let pairs = headers[values: .cookie].flatMap { $0.split(separator: ";") }.map(\.trimmingSpaces)
    guard let pair = pairs.first(where: { $0.hasPrefix("\(Self.cookie)=") }) else { return nil }
    let parts = pair.dropFirst(Self.cookie.count + 1).split(separator: ".")
    guard parts.count == 2, let message = Message(rawValue: String(parts[0])), let count = Int(parts[1]), count >= 0
    else { return nil }
    self.init(message, count: count)
  }

  var setCookie: String {
    "\(Self.cookie)=\(message.rawValue).\(count); Path=/; Max-Age=60; HttpOnly; SameSite=Strict"
  }

  static let clearCookie = "\(cookie)=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"

  private var jobs: String { count == 1 ? "The job" : "\(count.grouped) jobs" }

  var text: String {
    switch message {
    case .approved: "Approved. The job goes on."
    case .agreed: "Your approval counts; others still have to agree."
    case .rejected: "Rejected. The job has been told."
    case .enqueued: count == 1 ? "The job is in the queue." : "\(count.grouped) jobs are in the queue."
    case .cancelled: "\(jobs) \(count == 1 ? "was" : "were") cancelled. What runs stops as soon as its handler allows."
    case .retried: "\(jobs) \(count == 1 ? "runs" : "run") again."
    case .discarded: "\(jobs) \(count == 1 ? "was" : "were") discarded."
    case .released: "\(jobs) \(count == 1 ? "was" : "were") let go on."
    case .signalled: "The signal was sent."
    case .forked: "This is the new job: it goes on from the step that you chose."
    case .saved: "Saved."
    case .removed: "Removed."
    case .revoked: "Revoked."
    case .started: "It has begun. This page shows how far it is."
    case .aborted: "It stops. What it has done already stays done."
    case .ignored: "The group is ignored from now on."
    case .unignored: "The group is listed again."
    case .paused: "Paused. What runs already goes on to its end."
    case .resumed: "It goes on."
    case .changed: "Changed."
    case .enabled: "It is on: it fires at its next time."
    case .disabled: "It is off. Times that come while it is off are not made up for."
    case .reset: "What was changed here is forgotten."
    case .told: count == 1 ? "The worker is told, and follows within a second." : "\(count.grouped) workers are told."
    }
  }
}

struct FlashView: Sendable {
  let text: String
}
