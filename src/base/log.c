/* SPDX-License-Identifier: MIT */
/* Each line is put together in memory and written with one write(2), so lines of several threads never mix.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char level_priorities[] = {'3', '4', '6', '7'}; /* syslog's, as journald reads them */

static struct {
    enum log_level level;
    enum log_format format;
    bool journald;
} setup = {LOG_LEVEL_INFO, LOG_FORMAT_TEXT, false};

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

void log_setup(enum log_level level, enum log_format format)
{
    setup.level = level;
    setup.journald = stderr_is_journald();
    if (format == LOG_FORMAT_AUTO) {
        format = isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_LOGFMT;
    }
    setup.format = format;
}

bool log_enabled(enum log_level level)
{
    return level <= setup.level;
}

/* Copies `text` between quotes, escaped as both JSON and logfmt read it. */
static size_t put_quoted(char *out, size_t cap, const char *text)
{
    size_t len = 0;
    out[len++] = '"';
    for (const unsigned char *c = (const unsigned char *)text; *c && len + 8 < cap; c++) {
        if (*c == '"' || *c == '\\') {
            out[len++] = '\\';
            out[len++] = (char)*c;
        } else if (*c < 0x20 || *c == 0x7f) {
            len += (size_t)snprintf(out + len, cap - len, "\\u%04x", *c);
        } else {
            out[len++] = (char)*c;
        }
    }
    out[len++] = '"';
    return len;
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

void log_write(enum log_level level, const char *name, uint64_t id, const char *format, ...)
{
    if (!log_enabled(level)) {
        return;
    }
    char msg[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(msg, sizeof(msg), format, args);
    va_end(args);

    char line[4608];
    size_t len = 0;
    if (setup.journald) {
        len += (size_t)snprintf(line, sizeof(line), "<%c>", level_priorities[level]);
    }
    char when[40];
    write_time(when, sizeof(when), setup.format == LOG_FORMAT_TEXT);
    switch (setup.format) {
    case LOG_FORMAT_JSON:
        len += (size_t)snprintf(
            line + len, sizeof(line) - len, "{\"time\":\"%s\",\"level\":\"%s\",", when, level_names[level]);
        if (name) {
            len += (size_t)snprintf(line + len, sizeof(line) - len, "\"component\":");
            len += put_quoted(line + len, 160, name);
            len += (size_t)snprintf(line + len, sizeof(line) - len, ",\"id\":%llu,", (unsigned long long)id);
        }
        len += (size_t)snprintf(line + len, sizeof(line) - len, "\"msg\":");
        len += put_quoted(line + len, sizeof(line) - len - 2, msg);
        line[len++] = '}';
        break;
    case LOG_FORMAT_LOGFMT:
        len += (size_t)snprintf(
            line + len, sizeof(line) - len, "time=%s level=%s ", when, level_names[level]);
        if (name) {
            len += (size_t)snprintf(
                line + len, sizeof(line) - len, "component=%.100s id=%llu ", name, (unsigned long long)id);
        }
        len += (size_t)snprintf(line + len, sizeof(line) - len, "msg=");
        len += put_quoted(line + len, sizeof(line) - len - 2, msg);
        break;
    default:
        len += (size_t)snprintf(line + len, sizeof(line) - len, "%s %-5s ", when, level_names[level]);
        if (name) {
            len += (size_t)snprintf(
                line + len, sizeof(line) - len, "%.100s (%llu): ", name, (unsigned long long)id);
        }
        len += (size_t)snprintf(line + len, sizeof(line) - len, "%s", msg);
        break;
    }
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0) {
        return; /* nowhere left to say it */
    }
}
