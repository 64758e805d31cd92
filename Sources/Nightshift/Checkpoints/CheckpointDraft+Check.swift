extension CheckpointDraft {
  /// - Throws: ``FlowError`` for what cannot be asked like this.
  func check() throws {
    guard (1...500).contains(title.utf8.count) else {
      throw FlowError("The title of the checkpoint \"\(key)\" must have 1 to 500 bytes.")
    }
    guard (data?.serialized().count ?? 0) + options.body.utf8.count <= StepRecord.limit else {
      throw FlowError("The data and body of the checkpoint \"\(key)\" have more than \(StepRecord.limit) bytes.")
    }
    guard options.expires > .zero else {
      throw FlowError("The checkpoint \"\(key)\" must expire after a time of more than 0.")
    }
    guard let text = options.schema else { return }
    do {
      let schema = try PayloadSchema(JSONValue(parsing: text.utf8))
      guard let data = data, let fault = schema.faults(in: data, limit: 1).first else { return }
      throw FlowError("The data of the checkpoint \"\(key)\" do not fit its schema: \(fault)")
    } catch let error as FlowError {
      throw error
    } catch {
      throw FlowError("The schema of the checkpoint \"\(key)\" cannot be used: \(error)")
    }
  }
}
