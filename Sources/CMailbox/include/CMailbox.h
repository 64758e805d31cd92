#pragma once
#include <pthread.h>
#include <stdint.h>
#include <time.h>

// Swift imports `timespec` in some builds only, so that waiting with a deadline is written here.

/// Nanoseconds of the clock that nobody sets.
static inline int64_t nightshift_monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Waits for the condition until a moment of the monotonic clock, which the condition was made for.
static inline int nightshift_wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline) {
  struct timespec moment = {.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000};
  return pthread_cond_timedwait(condition, mutex, &moment);
}
