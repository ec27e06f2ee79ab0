/* Makes a program durable, for LD_PRELOAD: a file that it has written and closed is on the disk, and so is its name. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int (*real_fclose)(FILE *);

__attribute__((constructor)) static void begin(void) { real_fclose = dlsym(RTLD_NEXT, "fclose"); }

static int is_written_file(int fd) {
  struct stat status;
  return fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY && !fstat(fd, &status) && S_ISREG(status.st_mode);
}

int fclose(FILE *stream) {
  int fd = fileno(stream);
  if (!is_written_file(fd)) return real_fclose(stream);
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  int failed = fflush(stream) || fdatasync(fd);
  failed |= real_fclose(stream);
  if (length < 0) return EOF;
  path[length] = 0;
  int folder = open(dirname(path), O_RDONLY | O_DIRECTORY);
  failed |= folder < 0 || fsync(folder);
  if (folder >= 0) close(folder);
  return failed ? EOF : 0;
}
