import CMailbox
import Foundation

/// Where requests wait for the one thread that serves them. The thread takes all that wait at once.
///
/// `@unchecked Sendable`: every access to `items`, `waiters` and `isClosed` is between `lock` and `unlock` of the
/// same mutex.
package final class Mailbox<Item>: @unchecked Sendable {
  package enum Taken { case items, timeout, closed }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let capacity: Int
  private var items: [Item] = []
  /// Threads that wait.
  private var waiters = 0
  private var isClosed = false

  package init(capacity: Int) {
    self.capacity = capacity
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    // A clock that nobody sets, so that a changed time of day does not prolong the wait.
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Adds an item; `false`, and nothing is added, when too many wait or the mailbox is closed.
  package func put(_ item: Item) -> Bool {
    pthread_mutex_lock(mutex)
    guard !isClosed, items.count < capacity else {
      pthread_mutex_unlock(mutex)
      return false
    }
    items.append(item)
    // A signal for each item until every waiter has one. The waiters count themselves out: were they counted out here,
    // one whose time ran out just then would be counted out twice, and in the end nobody would be woken any more.
    let wake = items.count <= waiters
    pthread_mutex_unlock(mutex)
    if wake { pthread_cond_signal(condition) }
    return true
  }

  package var isOpen: Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return !isClosed
  }

  /// Waits for items, at most for so many milliseconds (0 waits for ever), and moves them, or only the first, into
  /// `spare`, which is empty.
  package func take(into spare: inout [Item], waiting milliseconds: Int, onlyFirst: Bool = false) -> Taken {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    let deadline = milliseconds > 0 ? nightshift_monotonic() + Int64(milliseconds) * 1_000_000 : 0
    while items.isEmpty && !isClosed {
      waiters += 1
      let status =
        milliseconds == 0
        ? pthread_cond_wait(condition, mutex) : nightshift_wait_until(condition, mutex, deadline)
      waiters -= 1
      if status == ETIMEDOUT { return items.isEmpty ? .timeout : moveItems(&spare, onlyFirst) }
    }
    return items.isEmpty ? .closed : moveItems(&spare, onlyFirst)
  }

  package func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_mutex_unlock(mutex)
    pthread_cond_broadcast(condition)
  }

  private func moveItems(_ spare: inout [Item], _ onlyFirst: Bool) -> Taken {
    if onlyFirst { spare.append(items.removeFirst()) } else { swap(&items, &spare) }
    return .items
  }
}
