/* SPDX-License-Identifier: MIT */
/* One line of log: a level and a sentence, with optional fields. Libraries and everything below service/ log
 * only at debug; whoever stops an error logs it once. Its setup is the project's only mutable global. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format {
    LOG_FORMAT_AUTO,   /* text on a terminal, logfmt otherwise */
    LOG_FORMAT_TEXT,   /* 12:01:07 info  sentence */
    LOG_FORMAT_LOGFMT, /* time=… level=info component=bat_inv_1 id=4 msg="sentence" */
    LOG_FORMAT_JSON,   /* {"time":…,"level":"info","component":"bat_inv_1","id":4,"msg":"sentence"} */
};

/* Once at start, before any thread. Returns the format that it is, which AUTO leaves open. Under journald
 * (JOURNAL_STREAM names stderr) lines begin with their priority, <6>. */
enum log_format log_setup(enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);

/* For a program that must not stand still because nobody reads its log, be that a pipe, a terminal or
 * journald: from now on a line that is not taken at once is lost, and counted. */
void log_never_wait(void);

/* Writes one line to stderr, of printable characters only. `name` and `id` name the component that the line
 * is about; NULL and 0: none. */
void log_write(enum log_level level, const char *name, uint64_t id, const char *format, ...)
    PRINTF_LIKE(4, 5);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, NULL, 0, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, NULL, 0, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, NULL, 0, __VA_ARGS__)
#define log_debug(...)                                                                                       \
    do {                                                                                                     \
        if (log_enabled(LOG_LEVEL_DEBUG)) {                                                                  \
            log_write(LOG_LEVEL_DEBUG, NULL, 0, __VA_ARGS__);                                                \
        }                                                                                                    \
    } while (0)

#endif
