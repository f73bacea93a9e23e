/* SPDX-License-Identifier: MIT */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
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

bool file_set_aside(const char *path, char aside[FILE_ASIDE_BYTES])
{
    static const char *const companions[] = {"", "-wal", "-shm"};
    char stamp[32], from[4200], to[4300];
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    snprintf(to, sizeof(to), "%s.corrupt-%s", path, stamp);
    for (int i = 1; access(to, F_OK) == 0; i++) {
        snprintf(to, sizeof(to), "%s.corrupt-%s-%d", path, stamp, i);
    }
    snprintf(aside, FILE_ASIDE_BYTES, "%s", to);
    size_t len = strlen(to);
    for (size_t i = 0; i < ARRAY_LEN(companions); i++) {
        snprintf(from, sizeof(from), "%s%s", path, companions[i]);
        snprintf(to + len, sizeof(to) - len, "%s", companions[i]);
        if (rename(from, to) < 0 && errno != ENOENT) {
            return false;
        }
    }
    return true;
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
