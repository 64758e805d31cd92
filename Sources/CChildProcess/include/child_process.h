// Starts a program with limits, in a process group of its own.
//
// In C since `vfork`, `setrlimit` between fork and exec, `pidfd_open`, `pipe2` and `eventfd` cannot be had
// from Swift.
#ifndef NIGHTSHIFT_CHILD_PROCESS_H
#define NIGHTSHIFT_CHILD_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/// What a child may use; a negative value sets no limit.
struct nightshift_child_limits {
  int64_t data_bytes;
  int64_t cpu_seconds;
  int64_t open_files;
};

/// The step at which a child that never ran its program failed.
enum nightshift_child_step {
  nightshift_child_started = 0,
  nightshift_child_fork = 1,
  nightshift_child_directory = 2,
  nightshift_child_setup = 3,
  nightshift_child_exec = 4,
};

/// Starts `path` and returns 0, or an errno, with `step` saying where it arose.
///
/// The child leads a new process group, has default signal handlers and an empty mask, and no descriptors but
/// `standard`, which become its 0, 1 and 2. `pidfd` gets a descriptor that becomes readable when it ends;
/// closing it and reaping the child is the caller's.
int nightshift_child_start(const char *_Nonnull path, char *_Nullable const *_Nonnull arguments,
                           char *_Nullable const *_Nonnull environment, const char *_Nonnull directory,
                           const int standard[_Nonnull 3], struct nightshift_child_limits limits,
                           pid_t *_Nonnull pid, int *_Nonnull pidfd,
                           enum nightshift_child_step *_Nonnull step);

/// A pipe whose ends do not leak into children; 0, or an errno.
int nightshift_child_pipe(int ends[_Nonnull 2]);

/// A counter that can be polled, to wake a thread that waits in `poll`; -1 when there is none left.
int nightshift_child_wake_descriptor(void);

/// Opens `name` in the open folder `folder` without following a symbolic link, and without waiting for a
/// writer should it be a fifo; -1 and errno on failure.
int nightshift_open_beneath(int folder, const char *_Nonnull name, int is_folder);

#endif
