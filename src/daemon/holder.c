/* SPDX-License-Identifier: MIT */
/* The kernel names a listening socket's inode in /proc/net/tcp; the process that has it open has a link
 * "socket:[inode]" among its descriptors. */
#include "daemon/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TCP_LISTENING 0x0a

/* The inode of a socket that listens on `port`, or 0. */
static unsigned long find_inode(const char *table, unsigned port)
{
    unsigned long found = 0;
    char line[512];
    FILE *from = fopen(table, "re");
    while (from && !found && fgets(line, sizeof(line), from)) {
        unsigned local_port, state;
        unsigned long inode;
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*d %*d %lu", &local_port,
                &state, &inode) == 3 &&
            local_port == port && state == TCP_LISTENING) {
            found = inode;
        }
    }
    if (from) {
        fclose(from);
    }
    return found;
}

static bool process_has(const char *pid, const char *wanted)
{
    char path[300], link[64];
    snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    DIR *folder = opendir(path);
    bool found = false;
    for (struct dirent *entry; folder && !found && (entry = readdir(folder)) != NULL;) {
        ssize_t len = readlinkat(dirfd(folder), entry->d_name, link, sizeof(link) - 1);
        if (len > 0) {
            link[len] = '\0';
            found = strcmp(link, wanted) == 0;
        }
    }
    if (folder) {
        closedir(folder);
    }
    return found;
}

/* "python3 -m http.server", at most 80 bytes of it. */
static void read_command(const char *pid, char out[81])
{
    char path[300];
    snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
    FILE *from = fopen(path, "re");
    size_t len = from ? fread(out, 1, 80, from) : 0;
    if (from) {
        fclose(from);
    }
    while (len > 0 && out[len - 1] == '\0') {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = out[i] == '\0' || iscntrl((unsigned char)out[i]) ? ' ' : out[i];
    }
    out[len] = '\0';
}

bool holder_find(const char *address, char *out, size_t cap)
{
    out[0] = '\0';
    const char *colon = strrchr(address, ':');
    unsigned port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
    if (port == 0 || port > 65535) {
        return false;
    }
    unsigned long inode = find_inode("/proc/net/tcp", port);
    if (!inode) {
        inode = find_inode("/proc/net/tcp6", port);
    }
    if (!inode) {
        return false;
    }
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && !*out && (entry = readdir(proc)) != NULL;) {
        if (isdigit((unsigned char)entry->d_name[0]) && process_has(entry->d_name, wanted)) {
            char command[81];
            read_command(entry->d_name, command);
            snprintf(out, cap, "pid %.20s (%s)", entry->d_name, command);
        }
    }
    if (proc) {
        closedir(proc);
    }
    return *out != '\0';
}
