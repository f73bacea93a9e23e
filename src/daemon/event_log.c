/* SPDX-License-Identifier: MIT */
/* Controllers repeat themselves: they renew set-points every few seconds, and bounds move applied values with
 * each sample. So a line like the last one of its component and kind, or one of a kind that comes often, is
 * told at info at most once a minute; between that at debug. */
#include "daemon/event_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/timer.h"

#define QUIET_NS   (60 * NS_PER_S)
#define SLOTS      256 /* components and kinds that share one lose a line at most */
#define KIND_COUNT (EVENT_ERROR_CLEARED + 1)

/* How often a kind is told. */
enum habit { EACH, UNLESS_REPEATED, ONCE_A_MINUTE, NEVER };

static const struct {
    enum log_level level;
    enum habit habit; /* for the level; otherwise debug */
} kinds[KIND_COUNT] = {
    [EVENT_SETPOINT_ACCEPTED] = {LOG_LEVEL_INFO, UNLESS_REPEATED},
    [EVENT_SETPOINT_EXPIRED] = {LOG_LEVEL_INFO, EACH},
    [EVENT_SETPOINT_DROPPED] = {LOG_LEVEL_INFO, EACH},
    [EVENT_SETPOINT_MOVED] = {LOG_LEVEL_INFO, ONCE_A_MINUTE},
    [EVENT_SETPOINT_FAILED] = {LOG_LEVEL_WARNING, UNLESS_REPEATED},
    [EVENT_BOUNDS_ADDED] = {LOG_LEVEL_DEBUG, NEVER},
    [EVENT_BOUNDS_EXPIRED] = {LOG_LEVEL_DEBUG, NEVER},
    [EVENT_BOUNDS_CLEARED] = {LOG_LEVEL_DEBUG, NEVER},
    [EVENT_LIFECYCLE] = {LOG_LEVEL_INFO, EACH},
    [EVENT_OFFLINE] = {LOG_LEVEL_WARNING, UNLESS_REPEATED},
    [EVENT_ONLINE] = {LOG_LEVEL_INFO, UNLESS_REPEATED},
    [EVENT_ERROR_RAISED] = {LOG_LEVEL_WARNING, UNLESS_REPEATED},
    [EVENT_ERROR_CLEARED] = {LOG_LEVEL_INFO, UNLESS_REPEATED},
};

struct slot {
    uint32_t digest; /* of component, kind and text; 0: empty */
    uint64_t id;
    enum event_kind kind;
    int64_t told_ns;
};

struct event_log {
    struct timers *timers;
    struct slot slots[SLOTS];
};

/* FNV-1a. */
static uint32_t digest_text(const char *text)
{
    uint32_t digest = 2166136261u;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        digest = (digest ^ *c) * 16777619u;
    }
    return digest | 1;
}

/* Whether the event may speak at its own level; remembers it then. */
static bool may_speak(struct event_log *log, const struct event *event)
{
    enum habit habit = kinds[event->kind].habit;
    if (habit == EACH || habit == NEVER) {
        return habit == EACH;
    }
    int64_t now_ns = clock_now_ns(log->timers->clock);
    uint32_t digest = habit == UNLESS_REPEATED ? digest_text(event->text) : 1;
    struct slot *slot = &log->slots[(event->id * 31 + event->kind) % SLOTS];
    bool same = slot->digest == digest && slot->id == event->id && slot->kind == event->kind;
    if (same && now_ns - slot->told_ns < QUIET_NS) {
        return false;
    }
    *slot = (struct slot){digest, event->id, event->kind, now_ns};
    return true;
}

static void on_event(const struct event *event, void *userdata)
{
    struct event_log *log = userdata;
    enum log_level level = may_speak(log, event) ? kinds[event->kind].level : LOG_LEVEL_DEBUG;
    log_write(level, event->name, event->id, "%s", event->text);
}

struct event_log *event_log_new(struct timers *timers)
{
    struct event_log *log = calloc(1, sizeof(*log));
    if (!log) {
        abort();
    }
    log->timers = timers;
    return log;
}

void event_log_free(struct event_log *log)
{
    free(log);
}

struct observer event_log_observer(struct event_log *log)
{
    return (struct observer){.on_event = on_event, .userdata = log};
}
