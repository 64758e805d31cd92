extension JobOptions {
  /// Whether another job may stand for this one, so that enqueueing it adds nothing.
  package var hasKey: Bool { unique != nil || debounce != nil || throttle != nil }

  /// Whether its key is made from its payload, so that equal payloads must have equal bytes.
  var hasPayloadKey: Bool {
    hasKey && (unique?.key == .payload || debounce?.key == .payload || throttle?.key == .payload)
  }

  /// Whether its key says when it is due.
  var hasDueTimeOfKey: Bool { debounce != nil || throttle?.excess == .later }
}

extension KeyClaim {
  /// The claim of a draft on the key that its options name; `nil` without one.
  init?(_ draft: JobDraft, now: Timestamp) {
    let options = draft.options
    let organization = options.organization ?? ""
    if let unique = options.unique {
      self.init(
        scope: "unique/\(organization)/\(draft.kind)", key: Self.key(unique.key, draft),
        expiresAt: unique.window.map { now + $0 }, onConflict: unique.onConflict)
    } else if let debounce = options.debounce {
      self.init(scope: "debounce/\(organization)/\(draft.kind)", key: Self.key(debounce.key, draft))
      rule = .debounce(atMost: debounce.atMost, keeps: debounce.keeps)
    } else if let throttle = options.throttle {
      // The places of a window are keys within a scope of their own. An organization may hold any character, so its
      // length says where it ends.
      let key = Self.key(throttle.key, draft)
      self.init(scope: "throttle/\(draft.kind)/\(organization.utf8.count):\(organization)/\(key)", key: "")
      rule = .throttle(limit: throttle.limit, per: throttle.per, excess: throttle.excess)
    } else {
      return nil
    }
  }

  private static func key(_ key: Unique.Key, _ draft: JobDraft) -> String {
    switch key {
    case .named(let name): "name:\(name)"
    case .payload: "payload:\(Engine.fingerprint(draft.payload))"
    }
  }
}
