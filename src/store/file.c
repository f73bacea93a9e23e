/* SPDX-License-Identifier: MIT */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

enum name { NAME_FILE, NAME_LOG };

void file_make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
    }
}

/* "FILE.corrupt-20261130T081500Z", by a name that is still free. */
static void name_aside(const char *path, struct aside *aside)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    snprintf(aside->path, sizeof(aside->path), "%s.corrupt-%s", path, stamp);
    for (int i = 1; access(aside->path, F_OK) == 0; i++) {
        snprintf(aside->path, sizeof(aside->path), "%s.corrupt-%s-%d", path, stamp, i);
    }
}

bool file_set_aside(const char *path, struct aside *aside)
{
    static const char *const companions[] = {"", "-wal", "-shm"};
    char from[4200], to[FILE_ASIDE_BYTES + 8];
    name_aside(path, aside);
    aside->log_only = false;
    for (size_t i = 0; i < ARRAY_LEN(companions); i++) {
        snprintf(from, sizeof(from), "%s%s", path, companions[i]);
        snprintf(to, sizeof(to), "%s%s", aside->path, companions[i]);
        if (rename(from, to) < 0 && errno != ENOENT) {
            return false;
        }
    }
    return true;
}

void file_copy_log(const char *path, struct aside *aside)
{
    char log[4200], buffer[16384];
    uint8_t salts[8] = {0}; /* each log has its own */
    snprintf(log, sizeof(log), "%s-wal", path);
    int from = open(log, O_RDONLY | O_CLOEXEC), to = -1;
    if (from >= 0 && pread(from, salts, sizeof(salts), 16) == sizeof(salts)) {
        int len = snprintf(aside->path, sizeof(aside->path), "%s.corrupt-", log);
        for (size_t i = 0; i < sizeof(salts); i++) {
            len += snprintf(aside->path + len, sizeof(aside->path) - (size_t)len, "%02x", salts[i]);
        }
        to = open(aside->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    ssize_t n = to >= 0 ? 1 : -1;
    while (n > 0 && (n = read(from, buffer, sizeof(buffer))) > 0) {
        n = write(to, buffer, (size_t)n) == n ? n : -1;
    }
    aside->log_only = true;
    if (n < 0) { /* there is no room, or there is such a copy */
        if (to >= 0) {
            unlink(aside->path);
        }
        aside->path[0] = '\0';
    }
    if (from >= 0) {
        close(from);
    }
    if (to >= 0) {
        close(to);
    }
}

struct file_identity file_identify(const char *path)
{
    struct file_identity identity = {{0}, {0}};
    char log[4200];
    snprintf(log, sizeof(log), "%s-wal", path);
    const char *const names[] = {[NAME_FILE] = path, [NAME_LOG] = log};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct stat info;
        if (stat(names[i], &info) == 0) {
            identity.devices[i] = info.st_dev;
            identity.inodes[i] = info.st_ino;
        }
    }
    return identity;
}

static bool same(const struct file_identity *one, const struct file_identity *other, enum name name)
{
    return one->inodes[name] == other->inodes[name] && one->devices[name] == other->devices[name];
}

bool file_is_still(const char *path, const struct file_identity *identity)
{
    const struct file_identity now = file_identify(path);
    return same(&now, identity, NAME_FILE) && same(&now, identity, NAME_LOG);
}

void file_drop_orphan(const char *path, const struct file_identity *identity)
{
    const struct file_identity now = file_identify(path);
    char name[4200];
    if (!same(&now, identity, NAME_FILE) && now.inodes[NAME_LOG] && same(&now, identity, NAME_LOG)) {
        snprintf(name, sizeof(name), "%s-wal", path);
        unlink(name);
        snprintf(name, sizeof(name), "%s-shm", path);
        unlink(name);
    }
}
