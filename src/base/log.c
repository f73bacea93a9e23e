/* SPDX-License-Identifier: MIT */
/* Each line is put together in memory and written with one write(2) of at most PIPE_BUF bytes, so lines of
 * several threads, or of several programs on one pipe, never mix. */
#include "base/log.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

#define MAX_TEXT 1920 /* escaped, and with all that stands before it, it fits a line */

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char level_priorities[] = {'3', '4', '6', '7'}; /* syslog's, as journald reads them */

static struct {
    enum log_level level;
    enum log_format format;
    bool journald;
    atomic_uint lost; /* lines that nobody took, since the last one told */
} setup = {LOG_LEVEL_INFO, LOG_FORMAT_TEXT, false, 0};

/* ---- setup ---- */

static bool stderr_is_journald(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    if (!stream || fstat(STDERR_FILENO, &st) != 0) {
        return false;
    }
    char own[64];
    snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return strcmp(own, stream) == 0;
}

enum log_format log_setup(enum log_level level, enum log_format format)
{
    setup.level = level;
    setup.journald = stderr_is_journald();
    if (format == LOG_FORMAT_AUTO) {
        format = isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_LOGFMT;
    }
    setup.format = format;
    return format;
}

/* O_NONBLOCK is a property of what is open, which other programs may share, so stderr is opened anew for this
 * one. That cannot be done with a socket (journald's), of which we are the only writer as a rule. */
void log_never_wait(void)
{
    struct stat st;
    if (fstat(STDERR_FILENO, &st) != 0 || S_ISREG(st.st_mode)) {
        return;
    }
    int own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own >= 0) {
        dup2(own, STDERR_FILENO);
        close(own);
        return;
    }
    int flags = fcntl(STDERR_FILENO, F_GETFL);
    if (flags >= 0) {
        fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
    }
}

bool log_enabled(enum log_level level)
{
    return level <= setup.level;
}

/* ---- a line ---- */

/* Strangers choose parts of the text: it must neither end the line, nor move a terminal's cursor, nor be any
 * other thing than UTF-8. */
static void make_printable(char *text)
{
    for (size_t left = strlen(text), n; left > 0; text += n, left -= n) {
        n = utf8_char_len(text, left);
        if (n == 0) {
            *text = '?';
            n = 1;
        } else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = ' ';
        }
    }
}

struct line {
    char text[PIPE_BUF];
    size_t len;
};

static void put(struct line *line, const char *format, ...) PRINTF_LIKE(2, 3);

static void put(struct line *line, const char *format, ...)
{
    size_t cap = sizeof(line->text) - line->len;
    va_list args;
    va_start(args, format);
    size_t len = (size_t)vsnprintf(line->text + line->len, cap, format, args);
    va_end(args);
    line->len += len < cap ? len : cap - 1;
}

/* Between quotes, escaped as both JSON and logfmt read it. */
static void put_quoted(struct line *line, const char *text)
{
    put(line, "\"");
    for (; *text && line->len + 8 < sizeof(line->text); text++) {
        if (*text == '"' || *text == '\\') {
            line->text[line->len++] = '\\';
        }
        line->text[line->len++] = *text;
    }
    put(line, "\"");
}

/* Local time of day for people, UTC to the millisecond for machines. */
static void write_time(char *out, size_t cap, bool for_people)
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    if (for_people) {
        strftime(out, cap, "%H:%M:%S", localtime_r(&now.tv_sec, &tm));
        return;
    }
    size_t len = strftime(out, cap, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &tm));
    snprintf(out + len, cap - len, ".%03ldZ", now.tv_nsec / 1000000);
}

/* Whether it could be written. */
static bool write_line(enum log_level level, const char *name, uint64_t id, const char *msg)
{
    struct line line = {.len = 0};
    char when[40];
    write_time(when, sizeof(when), setup.format == LOG_FORMAT_TEXT);
    if (setup.journald) {
        put(&line, "<%c>", level_priorities[level]);
    }
    switch (setup.format) {
    case LOG_FORMAT_JSON:
        put(&line, "{\"time\":\"%s\",\"level\":\"%s\",", when, level_names[level]);
        if (name) {
            put(&line, "\"component\":");
            put_quoted(&line, name);
            put(&line, ",\"id\":%llu,", (unsigned long long)id);
        }
        put(&line, "\"msg\":");
        put_quoted(&line, msg);
        put(&line, "}\n");
        break;
    case LOG_FORMAT_LOGFMT:
        put(&line, "time=%s level=%s ", when, level_names[level]);
        if (name) {
            put(&line, "component=%s id=%llu ", name, (unsigned long long)id);
        }
        put(&line, "msg=");
        put_quoted(&line, msg);
        put(&line, "\n");
        break;
    default:
        put(&line, "%s %-5s ", when, level_names[level]);
        if (name) {
            put(&line, "%s (%llu): ", name, (unsigned long long)id);
        }
        put(&line, "%s\n", msg);
        break;
    }
    return write(STDERR_FILENO, line.text, line.len) == (ssize_t)line.len;
}

/* Says first, as soon as it can, how many lines are missing here. */
static void tell_lost(void)
{
    char text[80];
    unsigned lost = atomic_exchange(&setup.lost, 0);
    if (lost > 0) {
        snprintf(
            text, sizeof(text), "missing here: %u line%s of this log, which nobody took", lost, PLURAL(lost));
        if (!write_line(LOG_LEVEL_WARNING, NULL, 0, text)) {
            atomic_fetch_add(&setup.lost, lost);
        }
    }
}

void log_write(enum log_level level, const char *name, uint64_t id, const char *format, ...)
{
    if (!log_enabled(level)) {
        return;
    }
    char msg[MAX_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(msg, sizeof(msg), format, args);
    va_end(args);
    make_printable(msg);
    tell_lost();
    if (!write_line(level, name, id, msg)) {
        atomic_fetch_add(&setup.lost, 1);
    }
}
