/* Loaded before the C library: fsync and fdatasync fail, as on a broken disk, while the file that FAIL_FLUSHES_WHILE names exists. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int flush(long call, int file) {
    const char *flag = getenv("FAIL_FLUSHES_WHILE");
    if (flag != NULL && access(flag, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(call, file);
}

int fsync(int file) { return flush(SYS_fsync, file); }

int fdatasync(int file) { return flush(SYS_fdatasync, file); }
