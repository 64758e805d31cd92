#define _GNU_SOURCE
#include "child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int set_limit(int resource, int64_t soft, int64_t hard) {
  if (soft < 0) return 0;
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return -1;
  // Only the superuser may raise a hard limit, so a stricter one that is there already stays.
  rlim_t ceiling = limit.rlim_max;
  limit.rlim_max = (rlim_t)hard < ceiling ? (rlim_t)hard : ceiling;
  limit.rlim_cur = (rlim_t)soft < limit.rlim_max ? (rlim_t)soft : limit.rlim_max;
  return setrlimit(resource, &limit);
}

static int set_limits(const struct nightshift_child_limits *limits) {
  // The data limit counts private memory that is really writable. RLIMIT_AS would also count what is only
  // reserved, of which Node, Java and Go take tens of gigabytes.
  if (set_limit(RLIMIT_DATA, limits->data_bytes, limits->data_bytes) != 0) return -1;
  // A second between SIGXCPU, which a program can handle, and SIGKILL.
  if (set_limit(RLIMIT_CPU, limits->cpu_seconds, limits->cpu_seconds + 1) != 0) return -1;
  if (set_limit(RLIMIT_NOFILE, limits->open_files, limits->open_files) != 0) return -1;
  // A core file would lie in the job's folder for ever, with the payload in it.
  return set_limit(RLIMIT_CORE, 0, 0);
}

static int set_descriptors(const int standard[3]) {
  int sources[3];
  for (int index = 0; index < 3; index++) {
    sources[index] = standard[index];
    // A process that was started without standard descriptors gets pipes numbered 0 to 2, which the next dup2
    // would overwrite.
    if (sources[index] < 3) sources[index] = fcntl(sources[index], F_DUPFD, 3);
    if (sources[index] < 0) return -1;
  }
  for (int index = 0; index < 3; index++) {
    if (dup2(sources[index], index) < 0) return -1;
  }
  // Descriptors that a library has opened without O_CLOEXEC must not reach a stranger's script. Before Linux
  // 5.9 there is no such call, and O_CLOEXEC, which all of ours have, must do.
  (void)syscall(SYS_close_range, 3U, ~0U, 0U);
  return 0;
}

static void reset_signals(void) {
  // The kernel's call and not the library's, which leaves its own two signals (32, 33) as the parent has them.
  struct {
    void *handler;
    unsigned long flags;
    void *restorer;
    unsigned long mask;
  } standard = {0};
  for (int number = 1; number <= 64; number++) (void)syscall(SYS_rt_sigaction, number, &standard, NULL, 8);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int nightshift_child_start(const char *path, char *const *arguments, char *const *environment,
                           const char *directory, const int standard[3],
                           struct nightshift_child_limits limits, pid_t *pid, int *pidfd,
                           enum nightshift_child_step *step) {
  // The child shares our memory until it has called exec, and writes its error here: no pipe is needed for
  // it.
  volatile int error = 0;
  volatile enum nightshift_child_step failed = nightshift_child_started;

  // A handler of ours must not run in the child, where it would work on our memory.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // vfork, not fork: copying the page tables of a server costs more than all the rest of starting a program.
  pid_t child = vfork();
  if (child == 0) {
    failed = nightshift_child_setup;
    if (setpgid(0, 0) == 0 && set_limits(&limits) == 0) {
      failed = nightshift_child_directory;
      if (chdir(directory) == 0) {
        failed = nightshift_child_setup;
        if (set_descriptors(standard) == 0) {
          reset_signals();
          failed = nightshift_child_exec;
          execve(path, arguments, environment);
        }
      }
    }
    error = errno;
    _exit(127);
  }
  int fork_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (child < 0) {
    *step = nightshift_child_fork;
    return fork_error;
  }
  if (error != 0) {
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    *step = failed;
    return error;
  }
  *step = nightshift_child_started;
  *pid = child;
  // Nobody but the caller reaps the child, so the number cannot stand for another process yet.
  *pidfd = (int)syscall(SYS_pidfd_open, child, 0U);
  return 0;
}

int nightshift_child_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno; }

int nightshift_child_wake_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int nightshift_open_beneath(int folder, const char *name, int is_folder) {
  int flags = O_NOFOLLOW | O_CLOEXEC | (is_folder ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK);
  return openat(folder, name, flags);
}
