/// What one page shows: its stored properties are what its template names.
protocol PageModel: Sendable {
  /// The file in `Templates` that shows it, without its ending.
  static var template: String { get }

  /// What the browser's tab says.
  var title: String { get }
}
