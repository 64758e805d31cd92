/// Finds the word that somebody meant to type.
package enum Spelling {
  /// The word most like `word`, or `nil` when none is near enough to be worth suggesting.
  ///
  /// Near means: at most a third of its letters (and always one) are wrong, missing, too many or swapped with
  /// their neighbour. Case does not count. Of several equally near the first in the alphabet wins.
  package static func nearest(to word: String, among words: some Sequence<String>) -> String? {
    let typed = Array(word.lowercased())
    // One letter may be wrong, but a word of which nothing is left is no misspelling.
    let allowed = min(max(1, typed.count / 3), typed.count - 1)
    var best: (distance: Int, word: String)?
    for candidate in words {
      let letters = Array(candidate.lowercased())
      // No fewer edits than this can do, and it spares the table for most words.
      guard abs(letters.count - typed.count) <= allowed else { continue }
      let distance = distance(typed, letters)
      guard distance <= allowed else { continue }
      if let best, (best.distance, best.word) < (distance, candidate) { continue }
      best = (distance, candidate)
    }
    return best?.word
  }

  /// Damerau-Levenshtein, in its form that edits no part of a word twice.
  private static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 0..<left.count {
      var current = [row + 1]
      for column in 0..<right.count {
        let isSame = left[row] == right[column]
        var cost = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
