/// So many of something, in words.
enum Count {
  static func text(_ count: Int, _ singular: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? singular : plural ?? "\(singular)s")"
  }
}
