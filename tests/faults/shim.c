/* A library to preload: one kind of system call fails below one path, and the time of day jumps.

   SHIM_CALL    open (to read), create (open to write), read, write, fsync, rename, link, unlink or mkdir
   SHIM_ERRNO   the error number
   SHIM_UNDER   only for files whose path begins so
   SHIM_AFTER   so many such calls of a process succeed before
   SHIM_TIMES   so many fail; 0: all that follow
   SHIM_CLOCK_AT, SHIM_CLOCK_BY   seconds after a process's start, and by how many its clock is then wrong
   SHIM_NOTE    a file that gets the kind and the path of each call that failed; without SHIM_CALL, of each call
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long calls;

static long number(const char *name) {
  const char *value = getenv(name);
  return value ? atol(value) : 0;
}

/* Writes one line with bare system calls, so that it is not one of those that fail. */
static void note(const char *call, const char *path) {
  const char *notes = getenv("SHIM_NOTE");
  long file = notes ? syscall(SYS_openat, AT_FDCWD, notes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
  if (file < 0)
    return;
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%s %s\n", call, path);
  syscall(SYS_write, file, line, length);
  syscall(SYS_close, file);
}

static int fails(const char *call, const char *path) {
  const char *wanted = getenv("SHIM_CALL"), *under = getenv("SHIM_UNDER");
  if (!under || strncmp(path, under, strlen(under)) || (wanted && strcmp(wanted, call)))
    return 0;
  long before = atomic_fetch_add(&calls, 1) - number("SHIM_AFTER"), times = number("SHIM_TIMES");
  if (before < 0 || (times && before >= times))
    return 0;
  int saved = errno;
  note(call, path);
  errno = wanted ? number("SHIM_ERRNO") : saved;
  return wanted != NULL;
}

static int fails_at(const char *call, int folder, const char *path) {
  char link[64], whole[PATH_MAX];
  if (path && path[0] == '/')
    return fails(call, path);
  snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, whole, sizeof whole - 1);
  if (length < 0)
    return 0;
  if (path)
    snprintf(whole + length, sizeof whole - length, "/%s", path);
  else
    whole[length] = 0;
  return fails(call, whole);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define MODE_OF(flags)                                                                                                 \
  mode_t mode = 0;                                                                                                     \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                             \
    va_list rest;                                                                                                      \
    va_start(rest, flags);                                                                                             \
    mode = va_arg(rest, mode_t);                                                                                       \
    va_end(rest);                                                                                                      \
  }
#define KIND(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT) ? "create" : "open")

int open(const char *path, int flags, ...) {
  MODE_OF(flags)
  return fails_at(KIND(flags), AT_FDCWD, path) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE_OF(flags)
  return fails_at(KIND(flags), AT_FDCWD, path) ? -1 : REAL(open64)(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  MODE_OF(flags)
  return fails_at(KIND(flags), folder, path) ? -1 : REAL(openat)(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
  MODE_OF(flags)
  return fails_at(KIND(flags), folder, path) ? -1 : REAL(openat64)(folder, path, flags, mode);
}
ssize_t read(int file, void *bytes, size_t count) {
  return fails_at("read", file, NULL) ? -1 : REAL(read)(file, bytes, count);
}
ssize_t write(int file, const void *bytes, size_t count) {
  return fails_at("write", file, NULL) ? -1 : REAL(write)(file, bytes, count);
}
int fsync(int file) { return fails_at("fsync", file, NULL) ? -1 : REAL(fsync)(file); }
int rename(const char *from, const char *to) { return fails_at("rename", AT_FDCWD, to) ? -1 : REAL(rename)(from, to); }
int link(const char *from, const char *to) { return fails_at("link", AT_FDCWD, to) ? -1 : REAL(link)(from, to); }
int unlink(const char *path) { return fails_at("unlink", AT_FDCWD, path) ? -1 : REAL(unlink)(path); }
int mkdir(const char *path, mode_t mode) { return fails_at("mkdir", AT_FDCWD, path) ? -1 : REAL(mkdir)(path, mode); }

int clock_gettime(clockid_t clock, struct timespec *now) {
  static struct timespec began;
  int result = REAL(clock_gettime)(clock, now);
  const char *by = getenv("SHIM_CLOCK_BY");
  if (result || !by || clock != CLOCK_REALTIME)
    return result;
  if (!began.tv_sec)
    began = *now;
  if (now->tv_sec - began.tv_sec >= number("SHIM_CLOCK_AT"))
    now->tv_sec += atol(by);
  return result;
}
