import Nightshift

extension EngineConfiguration {
  /// The configuration of a process of its own.
  init(_ settings: Settings, role: String) {
    self.init()
    name = settings.required(.workerName)
    queues = settings.list(.workerQueues)?.compactMap { QueueName(rawValue: $0) }
    if let concurrency = settings.integer(.workerConcurrency) { self.concurrency = concurrency }
    gracePeriod = settings.duration(.workerGracePeriod)
    leaseDuration = settings.duration(.workerLeaseDuration)
    if let payloadLimit = settings.integer(.payloadLimit) { self.payloadLimit = payloadLimit }
    keepCompleted = settings.duration(.retentionCompleted)
    keepDead = settings.duration(.retentionDead)
    if settings[.retentionAudit] != nil { keepAudit = settings.duration(.retentionAudit) }
    // They were checked with the settings.
    redaction = Redaction(
      paths: SettingShape.redaction(settings.required(.redactPaths)) ?? Redaction.standard,
      revealTo: Role(rawValue: settings.required(.redactRevealTo)) ?? .operator)
    startMode = settings.boolean(.workerAutoStart) ? .running : .stopped
    self.role = role
  }
}
