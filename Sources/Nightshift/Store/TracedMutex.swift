#if NIGHTSHIFT_THREAD_SANITIZER
  import Foundation

  /// Stands in for `Synchronization.Mutex` in builds for the Thread Sanitizer, which sees POSIX locks only.
  ///
  /// Swift's own is a futex inside a library that is not instrumented: the sanitizer reports every two accesses under it
  /// as a race. In each module a type alias of the name `Mutex` puts this one in its place.
  ///
  /// `@unchecked Sendable`: the value is only reached between `lock` and `unlock`.
  package final class TracedMutex<Value>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    package init(_ value: sending Value) {
      self.value = value
      pthread_mutex_init(mutex, nil)
    }

    deinit {
      pthread_mutex_destroy(mutex)
      mutex.deallocate()
    }

    package func withLock<Result, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      return try body(&value)
    }
  }

  typealias Mutex = TracedMutex
#endif
