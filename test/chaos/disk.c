/*
 * A disk that can be watched and made to fail, between a program and the C library (LD_PRELOAD). It looks only at files
 * below CHAOS_DIR.
 *
 * CHAOS_LOG names a file that every change is appended to, in the one order in which the changes happened: each call and
 * its entry are one under a lock. An entry is a letter, the length of the path (u32), an offset and a length (i64 each,
 * all little-endian), the path, and the bytes:
 *   W offset bytes: written    T offset: truncated to offset    F: synced (of the folder: its entries)
 *   C: created    U: unlinked    N bytes: renamed to
 *
 * CHAOS_CONTROL names a file of eight i64, mapped, that the other side writes while the program runs (struct control).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
  int64_t fail_at; /* the change that fails, counted from 1; 0: none */
  int64_t error;   /* errno of the failure */
  int64_t sticky;  /* whether all changes after it fail as well */
  int64_t seen;    /* changes counted since the other side set this to 0 */
  int64_t failed;  /* of these, failed */
  int64_t spare[3];
};

#define FILES 4096
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char *paths[FILES];
static const char *folder;
static int journal = -1;
static struct control *control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void) {
  folder = getenv("CHAOS_DIR");
  const char *name = getenv("CHAOS_LOG");
  if (name) journal = REAL(open)(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  name = getenv("CHAOS_CONTROL");
  if (!name) return;
  int fd = REAL(open)(name, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *page = mmap(0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) control = page;
  REAL(close)(fd);
}

static int watched(const char *path) {
  pthread_once(&once, begin);
  return folder && path && !strncmp(path, folder, strlen(folder));
}

static const char *path_of(int fd) { return fd >= 0 && fd < FILES ? paths[fd] : 0; }

static void enter(char what, const char *path, int64_t offset, const void *bytes, int64_t length) {
  if (journal < 0) return;
  uint32_t name = strlen(path);
  char head[21];
  head[0] = what;
  memcpy(head + 1, &name, 4);
  memcpy(head + 5, &offset, 8);
  memcpy(head + 13, &length, 8);
  struct iovec parts[3] = {{head, sizeof head}, {(void *)path, name}, {(void *)bytes, length}};
  if (REAL(writev)(journal, parts, bytes ? 3 : 2) < 0) abort();
}

/* Whether this change is one that has to fail; counts it. */
static int fails(void) {
  if (!control || !control->fail_at) return 0;
  int64_t number = ++control->seen;
  if (number < control->fail_at || (number > control->fail_at && !control->sticky)) return 0;
  control->failed++;
  return control->error;
}

#define CHANGE(result, path, call, record)                                                                   \
  do {                                                                                                       \
    pthread_mutex_lock(&lock);                                                                               \
    int error = fails();                                                                                     \
    if (error) {                                                                                             \
      result = -1;                                                                                           \
    } else {                                                                                                 \
      result = call;                                                                                         \
      error = errno;                                                                                         \
      if (result >= 0) record;                                                                               \
    }                                                                                                        \
    pthread_mutex_unlock(&lock);                                                                             \
    errno = error;                                                                                           \
  } while (0)

static int opened(int fd, const char *path, int flags, int existed) {
  if (fd < 0 || fd >= FILES || !watched(path)) return fd;
  pthread_mutex_lock(&lock);
  free(paths[fd]);
  paths[fd] = strdup(path);
  if (!existed) enter('C', path, 0, 0, 0);
  if (existed && (flags & O_TRUNC)) enter('T', path, 0, 0, 0);
  pthread_mutex_unlock(&lock);
  return fd;
}

/* Creating a file takes room on the disk as writing does; opening one does not. */
#define OPEN(name, parameters, arguments)                                                                    \
  int name parameters {                                                                                      \
    mode_t mode = 0;                                                                                         \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                                     \
      va_list rest;                                                                                          \
      va_start(rest, flags);                                                                                 \
      mode = va_arg(rest, mode_t);                                                                           \
      va_end(rest);                                                                                          \
    }                                                                                                        \
    int existed = 1;                                                                                         \
    if ((flags & O_CREAT) && watched(path)) {                                                                \
      struct stat found;                                                                                     \
      existed = !stat(path, &found);                                                                         \
      pthread_mutex_lock(&lock);                                                                             \
      int error = existed ? 0 : fails();                                                                     \
      pthread_mutex_unlock(&lock);                                                                           \
      if (error) {                                                                                           \
        errno = error;                                                                                       \
        return -1;                                                                                           \
      }                                                                                                      \
    }                                                                                                        \
    return opened(REAL(name) arguments, path, flags, existed);                                               \
  }
OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))

int close(int fd) {
  if (path_of(fd)) {
    pthread_mutex_lock(&lock);
    free(paths[fd]);
    paths[fd] = 0;
    pthread_mutex_unlock(&lock);
  }
  return REAL(close)(fd);
}

#define PWRITE(name, offset_type)                                                                            \
  ssize_t name(int fd, const void *bytes, size_t length, offset_type offset) {                               \
    const char *path = path_of(fd);                                                                          \
    if (!path) return REAL(name)(fd, bytes, length, offset);                                                 \
    ssize_t done;                                                                                            \
    CHANGE(done, path, REAL(name)(fd, bytes, length, offset), enter('W', path, offset, bytes, done));        \
    return done;                                                                                             \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t length) {
  const char *path = path_of(fd);
  if (!path) return REAL(write)(fd, bytes, length);
  ssize_t done;
  CHANGE(done, path, REAL(write)(fd, bytes, length),
         enter('W', path, lseek(fd, 0, SEEK_CUR) - done, bytes, done));
  return done;
}

/* libuv gathers; one entry a part, as if written one after the other. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!path_of(fd)) return REAL(writev)(fd, parts, count);
  ssize_t all = 0;
  for (int i = 0; i < count; i++) {
    ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
    if (done < 0) return all > 0 ? all : -1;
    all += done;
    if ((size_t)done < parts[i].iov_len) break;
  }
  return all;
}

#define TRUNCATE(name, length_type)                                                                          \
  int name(int fd, length_type length) {                                                                     \
    const char *path = path_of(fd);                                                                          \
    if (!path) return REAL(name)(fd, length);                                                                \
    int done;                                                                                                \
    CHANGE(done, path, REAL(name)(fd, length), enter('T', path, length, 0, 0));                              \
    return done;                                                                                             \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                                                           \
  int name(int fd) {                                                                                         \
    const char *path = path_of(fd);                                                                          \
    if (!path) return REAL(name)(fd);                                                                        \
    int done;                                                                                                \
    CHANGE(done, path, REAL(name)(fd), enter('F', path, 0, 0, 0));                                           \
    return done;                                                                                             \
  }
SYNC(fsync)
SYNC(fdatasync)

/* Removing frees room: it never fails for want of it. */
int unlink(const char *path) {
  if (!watched(path)) return REAL(unlink)(path);
  pthread_mutex_lock(&lock);
  int done = REAL(unlink)(path), error = errno;
  if (!done) enter('U', path, 0, 0, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

int rename(const char *from, const char *to) {
  if (!watched(from)) return REAL(rename)(from, to);
  int done;
  CHANGE(done, from, REAL(rename)(from, to), enter('N', from, 0, to, strlen(to)));
  return done;
}
