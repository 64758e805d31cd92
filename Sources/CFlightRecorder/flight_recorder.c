#define _GNU_SOURCE
#include "flight_recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct nightshift_recorder {
  int64_t *cells;
  size_t bytes;
};

// "NSFLIGHT" read as a little-endian integer.
static const int64_t magic = 0x544847494c46534e;

nightshift_recorder *nightshift_recorder_create(const char *path, int64_t slots, int64_t oom_kills) {
  size_t bytes = (size_t)(nightshift_cell_first_slot + slots) * sizeof(int64_t);
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return NULL;
  // posix_fallocate, not ftruncate: a hole would turn a full disk into SIGBUS at the first write.
  int failure = posix_fallocate(file, 0, (off_t)bytes);
  if (failure != 0) {
    close(file);
    errno = failure;
    return NULL;
  }
  void *cells = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  int mapping_error = errno;
  close(file);
  if (cells == MAP_FAILED) {
    errno = mapping_error;
    return NULL;
  }
  nightshift_recorder *recorder = calloc(1, sizeof *recorder);
  if (recorder == NULL) {
    munmap(cells, bytes);
    return NULL;
  }
  recorder->cells = cells;
  recorder->bytes = bytes;
  recorder->cells[nightshift_cell_slots] = slots;
  recorder->cells[nightshift_cell_oom_kills] = oom_kills;
  nightshift_recorder_set(recorder, nightshift_cell_magic, magic);
  return recorder;
}

void nightshift_recorder_set(nightshift_recorder *recorder, int64_t cell, int64_t value) {
  __atomic_store_n(&recorder->cells[cell], value, __ATOMIC_RELEASE);
}

int64_t nightshift_recorder_get(const nightshift_recorder *recorder, int64_t cell) {
  return __atomic_load_n(&recorder->cells[cell], __ATOMIC_ACQUIRE);
}

// The one recorder that signal handlers write to; only its address is read there, which is safe at any moment.
static nightshift_recorder *volatile witness;
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSYS};
enum { fatal_signal_count = sizeof fatal_signals / sizeof fatal_signals[0] };
static struct sigaction former_actions[fatal_signal_count];

static void note_signal(int number) {
  nightshift_recorder *recorder = witness;
  if (recorder != NULL) nightshift_recorder_set(recorder, nightshift_cell_cause, number);
  for (int index = 0; index < fatal_signal_count; index++) {
    if (fatal_signals[index] == number) sigaction(number, &former_actions[index], NULL);
  }
  raise(number);
}

static void note_exit(void) {
  nightshift_recorder *recorder = witness;
  if (recorder == NULL || nightshift_recorder_get(recorder, nightshift_cell_clean) != 0) return;
  nightshift_recorder_set(recorder, nightshift_cell_cause, -1);
}

void nightshift_recorder_witness(nightshift_recorder *recorder) {
  nightshift_recorder *former = witness;
  witness = recorder;
  nightshift_recorder_set(recorder, nightshift_cell_witnessed, 1);
  if (former != NULL) return;
  // A stack of its own, so that a handler that overflowed its stack is noted too (on the main thread at least).
  static char alternate[65536];
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_signal;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (int index = 0; index < fatal_signal_count; index++) {
    sigaction(fatal_signals[index], &action, &former_actions[index]);
  }
  atexit(note_exit);
}

void nightshift_recorder_close(nightshift_recorder *recorder) {
  if (witness == recorder) witness = NULL;
  munmap(recorder->cells, recorder->bytes);
  free(recorder);
}
