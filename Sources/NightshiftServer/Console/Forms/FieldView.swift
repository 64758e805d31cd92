/// One field of a form that is made from a schema. The partial `field` shows it, and a group's fields within it.
struct FieldView: Sendable {
  struct Option: Sendable {
    let value: String
    let text: String
    let isSelected: Bool
  }

  /// Of the form: `f` and the place of the value as a JSON pointer.
  let name: String
  let label: String
  var hint: String?
  var fault: String?
  var isRequired = false
  // How it is shown: one of these.
  var isText = false
  var isLong = false
  var isNumber = false
  var isCheck = false
  var isChosen = false
  var isGroup = false
  var isJSON = false
  var value = ""
  var isChecked = false
  var options: [Option] = []
  var children: [FieldView] = []
  /// For a list that may have more items: its place, as a JSON pointer. A browser adds empty ones there.
  var listPlace: String?
  /// For an item of a list: the name of the box that says whether the item is there.
  var presence: String?
  var presenceLabel = ""
  var isPresent = false

  init(name: String, label: String) {
    self.name = name
    self.label = label
  }
}
