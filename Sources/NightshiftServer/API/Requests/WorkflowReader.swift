import Nightshift

/// Reads a workflow as it is posted.
enum WorkflowReader {
  static let callbackFields = ["when"]
  /// Past this many faults the rest is not worth reading.
  private static let mostFaults = 100

  static func read(_ request: APIRequest) async throws -> Workflow {
    var reader = FieldReader(request.body, known: ["name", "jobs", "callback"])
    let rule = "an array of 1 to \(Workflow.mostJobs) jobs"
    for (name, detail) in [("name", "name it for people"), ("jobs", "it must be \(rule)")] where !reader.has(name) {
      reader.refuse(name, "is missing: \(detail)")
    }
    let name = reader.text("name")
    let items = reader.value("jobs", rule, \.arrayValue)
    if let count = items?.count, !(1...Workflow.mostJobs).contains(count) {
      reader.refuse("jobs", count == 0 ? "is empty: it must be \(rule)" : "has \(count) jobs: it must be \(rule)")
    }
    let traceparent = request.headers.validTraceparent
    let callback = callback(&reader, traceparent)
    var faults = reader.faults
    var jobs: [JobDraft] = []
    for (index, item) in (items ?? []).enumerated() where faults.count < mostFaults {
      let (draft, found) = DraftReader.read(item, at: "#/jobs/\(index)", traceparent: traceparent)
      faults += found
      if let draft { jobs.append(draft) }
    }
    guard faults.isEmpty, let name else { throw Problem.invalid(faults) }
    return Workflow(name, jobs: jobs, callback: callback)
  }

  /// The job that is run at the end, with `when` beside its other fields.
  private static func callback(_ reader: inout FieldReader, _ traceparent: String?) -> JobDraft? {
    guard let value = reader["callback"] else { return nil }
    guard var fields = value.objectValue else {
      reader.refuse("callback", "must be an object; got \(value.excerpt)")
      return nil
    }
    var own = FieldReader(
      .object(fields.filter { callbackFields.contains($0.key) }), at: "#/callback", known: callbackFields)
    let when = own.choice("when", Workflow.Callback.self) ?? .done
    for name in callbackFields { fields[name] = nil }
    var faults = own.faults
    for name in ["dependsOn", "onDeath", "ref"] where fields[name] != nil {
      faults.append(.init("#/callback/\(name)", "is not for a callback: it waits for all jobs of the workflow"))
    }
    let (draft, found) = DraftReader.read(.object(fields), at: "#/callback", traceparent: traceparent)
    reader.add(faults + found)
    guard var draft else { return nil }
    draft.callback = when
    return draft
  }

  /// Where a fault that the engine has found is in the request: the callback comes behind the jobs.
  static func fault(_ fault: SubmissionError.Fault, jobs: Int) -> Problem.Fault {
    switch fault.index {
    case ..<0: .init(fault.pointer, fault.message)
    case jobs: .init("#/callback\(fault.pointer.dropFirst())", fault.message)
    default: .init("#/jobs/\(fault.index)\(fault.pointer.dropFirst())", fault.message)
    }
  }
}
