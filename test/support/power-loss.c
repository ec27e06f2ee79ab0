/*
 * A model of a power cut, for LD_PRELOAD: only what was synced survives.
 *
 * Regular files below $POWER_SOURCE are watched. A write is remembered as a range of its file; when the file is synced,
 * the ranges are copied to the file of the same name below $POWER_SHADOW. A process that is killed leaves in the shadow
 * what its disk would hold after a power cut.
 *
 * A real disk may also have got some of the writes that nobody waited for, in any order and torn between two sectors:
 * with $POWER_LEAKS, that part (in percent) of the writes reaches the shadow at once, up to a sector of chance.
 *
 * Kinder than a disk: the name of a file survives with its first sync, renames and removals do at once.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512 };

struct range {
  off_t start;
  size_t length;
};

struct file {
  ino_t inode;
  /* Below the source, with a slash in front. */
  char name[PATH_MAX];
  struct range *unsynced;
  size_t count, room;
  struct file *next;
};

static const char *source, *shadow;
static long leaks;
static unsigned seed;
static struct file *files;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);

__attribute__((constructor)) static void begin(void) {
  source = getenv("POWER_SOURCE");
  shadow = getenv("POWER_SHADOW");
  leaks = atol(getenv("POWER_LEAKS") ? getenv("POWER_LEAKS") : "0");
  seed = getpid();
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_rename = dlsym(RTLD_NEXT, "rename");
}

/* The part of a path below the source; NULL when it lies elsewhere. */
static const char *below_source(const char *path) {
  size_t length = source ? strlen(source) : 0;
  return length && !strncmp(path, source, length) && path[length] == '/' ? path + length : NULL;
}

static void in_shadow(const char *name, char *path) { snprintf(path, PATH_MAX, "%s%s", shadow, name); }

/* The watched file behind a descriptor; NULL when it is not watched. */
static struct file *watched(int fd) {
  struct stat status;
  if (!source || !shadow || fstat(fd, &status) || !S_ISREG(status.st_mode)) return NULL;
  for (struct file *file = files; file; file = file->next)
    if (file->inode == status.st_ino) return file;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return NULL;
  path[length] = 0;
  const char *name = below_source(path);
  if (!name) return NULL;
  struct file *file = calloc(1, sizeof *file);
  file->inode = status.st_ino;
  strcpy(file->name, name);
  file->next = files;
  return files = file;
}

static void copy(int from, int to, struct range range) {
  char *bytes = malloc(range.length);
  ssize_t length = pread(from, bytes, range.length, range.start);
  if (length < 0 || real_pwrite(to, bytes, length, range.start) < length) abort();
  free(bytes);
}

/*
 * Copies ranges of a file to the shadow. Read by the descriptor itself: closing a second one of the same file would give
 * up all locks that the process has on it, by which SQLite's processes keep out of each other's way.
 */
static void survive(int fd, const struct file *file, const struct range *ranges, size_t count) {
  char path[PATH_MAX];
  in_shadow(file->name, path);
  int to = open(path, O_RDWR | O_CREAT, 0644);
  if (to < 0) abort();
  for (size_t at = 0; at < count; at++) copy(fd, to, ranges[at]);
  close(to);
}

static void written(int fd, off_t start, size_t length) {
  pthread_mutex_lock(&mutex);
  struct file *file = watched(fd);
  if (file) {
    if (file->count == file->room) {
      file->room = file->room ? 2 * file->room : 64;
      file->unsynced = realloc(file->unsynced, file->room * sizeof *file->unsynced);
    }
    file->unsynced[file->count++] = (struct range){start, length};
    if (rand_r(&seed) % 100 < leaks) {
      size_t sectors = length / SECTOR + 1;
      size_t kept = rand_r(&seed) % (sectors + 1) * SECTOR;
      struct range range = {start, kept < length ? kept : length};
      survive(fd, file, &range, 1);
    }
  }
  pthread_mutex_unlock(&mutex);
}

static void synced(int fd) {
  pthread_mutex_lock(&mutex);
  struct file *file = watched(fd);
  if (file) {
    survive(fd, file, file->unsynced, file->count);
    file->count = 0;
    /* A file that was cut short is so from now on. */
    struct stat status;
    char path[PATH_MAX];
    in_shadow(file->name, path);
    if (fstat(fd, &status) || truncate(path, status.st_size)) abort();
  }
  pthread_mutex_unlock(&mutex);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t start) {
  ssize_t done = real_pwrite(fd, bytes, length, start);
  if (done > 0) written(fd, start, done);
  return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t start) { return pwrite(fd, bytes, length, start); }

ssize_t write(int fd, const void *bytes, size_t length) {
  ssize_t done = real_write(fd, bytes, length);
  off_t end = done > 0 ? lseek(fd, 0, SEEK_CUR) : -1;
  if (end >= done) written(fd, end - done, done);
  return done;
}

int fsync(int fd) {
  int failed = real_fsync(fd);
  if (!failed) synced(fd);
  return failed;
}

int fdatasync(int fd) {
  int failed = real_fdatasync(fd);
  if (!failed) synced(fd);
  return failed;
}

/* A later file may get the inode of one that is gone. */
static void forget(const char *name) {
  for (struct file **link = &files; *link; link = &(*link)->next)
    if (!strcmp((*link)->name, name)) {
      struct file *gone = *link;
      *link = gone->next;
      free(gone->unsynced);
      free(gone);
      return;
    }
}

int unlink(const char *path) {
  int failed = real_unlink(path);
  const char *name = failed ? NULL : below_source(path);
  if (name) {
    char twin[PATH_MAX];
    in_shadow(name, twin);
    pthread_mutex_lock(&mutex);
    forget(name);
    real_unlink(twin);
    pthread_mutex_unlock(&mutex);
  }
  return failed;
}

int rename(const char *from, const char *to) {
  int failed = real_rename(from, to);
  const char *old_name = failed ? NULL : below_source(from), *new_name = failed ? NULL : below_source(to);
  if (old_name && new_name) {
    char old_twin[PATH_MAX], new_twin[PATH_MAX];
    in_shadow(old_name, old_twin);
    in_shadow(new_name, new_twin);
    pthread_mutex_lock(&mutex);
    forget(new_name);
    for (struct file *file = files; file; file = file->next)
      if (!strcmp(file->name, old_name)) strcpy(file->name, new_name);
    real_rename(old_twin, new_twin);
    pthread_mutex_unlock(&mutex);
  }
  return failed;
}
