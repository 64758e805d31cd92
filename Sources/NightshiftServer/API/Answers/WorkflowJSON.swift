import Nightshift

extension JSONValue {
  /// A workflow as it was added.
  init(_ submission: WorkflowSubmission) {
    self = [
      "id": .string(submission.id.description),
      "statusUrl": .string(Links.workflow(submission.id)),
      "count": JSONValue(submission.jobs.count),
      "jobs": .array(
        submission.jobs.map { place in
          .fields([
            "ref": .string(place.ref), "id": .string(place.submission.id.description),
            "state": place.submission.state.map { .string($0.rawValue) },
            "statusUrl": .string(Links.status(of: place.submission.id)),
          ])
        }),
    ]
  }

  /// A workflow as lists show it.
  init(_ workflow: WorkflowSummary) { self = .fields(Self.summaryFields(workflow)) }

  /// A workflow with its graph.
  init(_ workflow: WorkflowDetail) {
    var fields = Self.summaryFields(workflow.summary)
    fields["jobs"] = .array(workflow.jobs.map { JSONValue($0) })
    fields["edges"] = .array(workflow.edges.map { JSONValue($0, workflow.refs) })
    self = .fields(fields)
  }

  private static func summaryFields(_ workflow: WorkflowSummary) -> [String: JSONValue?] {
    let counts = workflow.counts.map { ($0.key.rawValue, JSONValue($0.value)) }
    return [
      "id": .string(workflow.id.description),
      "name": .string(workflow.name),
      "state": .string(workflow.state.rawValue),
      "counts": .object(Dictionary(uniqueKeysWithValues: counts)),
      "createdAt": JSONValue(workflow.createdAt),
      "createdBy": .string(workflow.createdBy),
    ]
  }

  private init(_ job: WorkflowJob) {
    self = .fields([
      "ref": .string(job.ref),
      "id": .string(job.id.description),
      "kind": .string(job.kind),
      "state": .string(job.state.rawValue),
      "callback": job.callback.map { .string($0.rawValue) },
      "hold": job.hold.map { JSONValue(JobHold($0)) },
      "pruned": job.isPruned ? true : nil,
      "startedAt": job.startedAt.map { JSONValue($0) },
      "finishedAt": job.finishedAt.map { JSONValue($0) },
    ])
  }

  private init(_ edge: WorkflowEdge, _ refs: [JobID: String]) {
    self = .fields([
      "job": .string(edge.job.description),
      "dependsOn": .string(edge.dependsOn.description),
      "jobRef": refs[edge.job].map { .string($0) },
      "dependsOnRef": refs[edge.dependsOn].map { .string($0) },
      "onDeath": edge.onDeath.map { .string($0.rawValue) },
      "open": .bool(edge.isOpen),
    ])
  }

  /// What ties a job to others, for its own page.
  static func tieFields(_ ties: JobTies) -> [String: JSONValue?] {
    [
      "dependencies": ties.dependencies.isEmpty ? nil : .array(ties.dependencies.map { JSONValue($0) }),
      // Spelt out: a bare `nil` beside a value would be JSON's `null`.
      "dependencyCount": ties.dependencyCount == 0 ? JSONValue?.none : JSONValue(ties.dependencyCount),
      "dependants": ties.dependants.isEmpty ? nil : .array(ties.dependants.map { JSONValue($0) }),
      "dependantCount": ties.dependantCount == 0 ? JSONValue?.none : JSONValue(ties.dependantCount),
      "workflow": ties.workflow.map { place in
        ["id": .string(place.id.description), "name": .string(place.name), "ref": .string(place.ref)]
      },
    ]
  }

  private init(_ other: JobTies.Other) {
    self = .fields([
      "id": .string(other.id.description),
      "ref": other.ref.map { .string($0) },
      "state": other.state.map { .string($0.rawValue) },
      "onDeath": other.onDeath.map { .string($0.rawValue) },
      "open": .bool(other.isOpen),
    ])
  }
}

extension WorkflowDetail {
  fileprivate var refs: [JobID: String] { Dictionary(jobs.map { ($0.id, $0.ref) }) { first, _ in first } }
}
