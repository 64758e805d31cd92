#if NIGHTSHIFT_THREAD_SANITIZER
  import Nightshift

  typealias Mutex = TracedMutex
#endif
