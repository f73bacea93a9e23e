/* SPDX-License-Identifier: MIT */
/* The journal's file by its names: FOLDER/journal.db and what SQLite keeps beside it. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#define FILE_ASIDE_BYTES 4352

/* Where what was damaged is kept. */
struct aside {
    char path[FILE_ASIDE_BYTES]; /* "": nothing was */
    bool log_only;               /* what was written before it is still there */
};

/* Which files the names stand for. */
struct file_identity {
    dev_t devices[2];
    ino_t inodes[2]; /* of the file and of its log; 0: there is none */
};

/* Made, if it is missing, for its owner only. SQLite gives its other files the same mode. */
void file_make_private(const char *path);

/* Nothing is ever deleted that somebody may want to look at: it gets another name, and what SQLite keeps
 * beside it as well, as that would be taken for the new file's. False: it cannot be renamed. */
bool file_set_aside(const char *path, struct aside *aside);
/* A copy of its log, as the original is written over; one of each log, however often it is found. `aside`
 * tells of it once. */
void file_copy_log(const char *path, struct aside *aside);

struct file_identity file_identify(const char *path);

/* After the file was closed: its log goes, if its own name stands for another file by now, which would take
 * the log for its own. */
void file_drop_orphan(const char *path, const struct file_identity *identity);

/* The names still stand for these; else somebody has removed or replaced one. */
bool file_is_still(const char *path, const struct file_identity *identity);

#endif
