/* SPDX-License-Identifier: MIT */
/* A record lock, as the kernel both drops it with its process and says whose it is. */
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "pid 4711 (microgridd --config site.yaml)" */
static const char *describe(pid_t pid, char *out, size_t cap)
{
    char path[64], command[200];
    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    FILE *from = fopen(path, "re");
    size_t n = from ? fread(command, 1, sizeof(command) - 1, from) : 0;
    if (from) {
        fclose(from);
    }
    while (n > 0 && command[n - 1] == '\0') {
        n--;
    }
    command[n] = '\0';
    for (size_t i = 0; i < n; i++) {
        command[i] = command[i] == '\0' ? ' ' : command[i];
    }
    if (n > 0) {
        snprintf(out, cap, "pid %d (%s)", (int)pid, command);
    } else {
        snprintf(out, cap, "pid %d", (int)pid);
    }
    return out;
}

static const char *lock_path(const char *folder, char *out, size_t cap)
{
    snprintf(out, cap, "%s/lock", folder);
    return out;
}

int folder_check(const char *folder, int lock, struct ugrpc_status *st)
{
    char path[4096];
    struct stat named, taken;
    bool same = stat(lock_path(folder, path, sizeof(path)), &named) == 0 && fstat(lock, &taken) == 0 &&
                named.st_ino == taken.st_ino && named.st_dev == taken.st_dev;
    return same ? 0 : status_set(st, UGRPC_UNAVAILABLE, "%s: somebody has removed or replaced it", path);
}

int folder_take(const char *folder, struct ugrpc_status *st)
{
    char path[4096], who[256];
    lock_path(folder, path, sizeof(path));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return status_set(st, UGRPC_UNAVAILABLE, "%s: %s", path, strerror(errno));
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLK, &lock) == 0) {
        return fd;
    }
    int error = errno;
    lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool held = (error == EACCES || error == EAGAIN) && fcntl(fd, F_GETLK, &lock) == 0 &&
                lock.l_type != F_UNLCK;
    close(fd);
    if (held) {
        return status_set(st, UGRPC_ALREADY_EXISTS, "%s: another gateway has this folder: %s", folder,
            describe(lock.l_pid, who, sizeof(who)));
    }
    return status_set(st, UGRPC_UNAVAILABLE, "%s: cannot be locked: %s", path, strerror(error));
}
