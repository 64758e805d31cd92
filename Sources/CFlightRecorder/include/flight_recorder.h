#pragma once
#include <stdint.h>

/// A small file that is mapped into memory and says which handlers are under way. The kernel keeps what was
/// written after `kill -9`, so that the next process can tell who was running when this one died, and whether it
/// died by its own hand. Nothing is written to the disk on the way.
typedef struct nightshift_recorder nightshift_recorder;

/// The cells of a recorder's file, each a little-endian 64-bit integer.
enum {
  /// `NSFLIGHT`, so that a foreign file is not believed.
  nightshift_cell_magic = 0,
  /// 0 while running, the signal's number after a fatal signal, -1 after `exit()` with handlers under way.
  nightshift_cell_cause = 1,
  /// 1 once the worker has stopped in good order.
  nightshift_cell_clean = 2,
  /// The kernel's count of out-of-memory kills when the process started.
  nightshift_cell_oom_kills = 3,
  /// 1 when fatal signals and `exit()` are witnessed, 0 where the host program keeps its own signal handlers.
  nightshift_cell_witnessed = 4,
  /// How many slots follow from `nightshift_cell_first_slot`.
  nightshift_cell_slots = 5,
  nightshift_cell_first_slot = 8,
};

/// Makes the file at `path` (mode 0600) and maps it. Returns NULL, with `errno` set, when that fails.
nightshift_recorder *nightshift_recorder_create(const char *path, int64_t slots, int64_t oom_kills);
void nightshift_recorder_set(nightshift_recorder *recorder, int64_t cell, int64_t value);
int64_t nightshift_recorder_get(const nightshift_recorder *recorder, int64_t cell);
void nightshift_recorder_close(nightshift_recorder *recorder);

/// From now on a fatal signal or `exit()` is noted in `recorder` before the process ends as it would have.
/// One recorder a process; the signal's former action still runs.
void nightshift_recorder_witness(nightshift_recorder *recorder);
