/* SPDX-License-Identifier: MIT */
/* Whoever reads the log must see every change that the gateway makes, and what it is now; but bounds may move
 * an applied value with each sample, devices may come and go each second, and controllers renew their
 * set-points for ever. So each component has some stories, and of each so many lines are told within a
 * minute; those that follow are counted, and the last of them told with the count when the minute ends, or
 * before the next line about the component. While a story goes on like that, it has a line a minute. What is
 * not told is logged at debug.
 *
 * A story takes memory while it is told, so at most so many of them as the site has components. */
#include "daemon/event_log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/timer.h"

#define WINDOW_NS  (EVENT_LOG_WINDOW_S * NS_PER_S)
#define BUCKETS    4096
#define AXES       2
#define KIND_COUNT (EVENT_ERROR_CLEARED + 1)

/* How often a kind is told. */
enum habit { EACH, UNLESS_RENEWED, COUNTED, NEVER };

/* Kinds that only make sense together are one story. */
enum story { NO_STORY, REQUESTED, APPLIED, REFUSED, CONNECTED, FAULTY, STORY_COUNT };

static const struct {
    enum log_level level;
    enum habit habit; /* for the level; otherwise debug */
    enum story story;
} kinds[KIND_COUNT] = {
    [EVENT_SETPOINT_ACCEPTED] = {LOG_LEVEL_INFO, UNLESS_RENEWED, REQUESTED},
    [EVENT_SETPOINT_EXPIRED] = {LOG_LEVEL_INFO, EACH},
    [EVENT_SETPOINT_DROPPED] = {LOG_LEVEL_INFO, EACH},
    [EVENT_SETPOINT_RESTORED] = {LOG_LEVEL_INFO, EACH},
    [EVENT_SETPOINT_MOVED] = {LOG_LEVEL_INFO, COUNTED, APPLIED},
    [EVENT_SETPOINT_FAILED] = {LOG_LEVEL_WARNING, COUNTED, REFUSED},
    [EVENT_BOUNDS_ADDED] = {LOG_LEVEL_DEBUG, NEVER},
    [EVENT_BOUNDS_EXPIRED] = {LOG_LEVEL_DEBUG, NEVER},
    [EVENT_BOUNDS_RESTORED] = {LOG_LEVEL_INFO, EACH},
    [EVENT_BOUNDS_DROPPED] = {LOG_LEVEL_WARNING, EACH},
    [EVENT_BOUNDS_CLEARED] = {LOG_LEVEL_DEBUG, NEVER},
    [EVENT_LIFECYCLE] = {LOG_LEVEL_INFO, EACH},
    [EVENT_OFFLINE] = {LOG_LEVEL_WARNING, COUNTED, CONNECTED},
    [EVENT_ONLINE] = {LOG_LEVEL_INFO, COUNTED, CONNECTED},
    [EVENT_ERROR_RAISED] = {LOG_LEVEL_WARNING, COUNTED, FAULTY},
    [EVENT_ERROR_CLEARED] = {LOG_LEVEL_INFO, COUNTED, FAULTY},
};

/* Whose story it is. */
struct key {
    uint64_t id;
    bool of_sensor; /* their ids are a space of their own */
    int axis;
    enum story story;
};

struct account {
    struct account *next; /* in its bucket */
    struct key key;
    unsigned told;    /* in this window */
    unsigned counted; /* since the last one told */
    uint32_t digest;  /* of the last one told; 0: something else was told since */
    enum log_level level;
    char *name, *text; /* of the last one counted */
};

struct event_log {
    struct timers *timers;
    event_log_tell_fn *tell;
    void *userdata;
    struct timer window; /* runs while there is an account */
    struct account *buckets[BUCKETS];
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

/* ---- accounts --------------------------------------------------------------------------------------- */

static struct account **bucket_of(struct event_log *log, const struct key *key)
{
    return &log->buckets[(key->id * 31 + key->story * 7 + (uint64_t)key->axis) % BUCKETS];
}

static struct account *find(struct event_log *log, const struct key *key)
{
    for (struct account *account = *bucket_of(log, key); account; account = account->next) {
        if (account->key.id == key->id && account->key.of_sensor == key->of_sensor &&
            account->key.axis == key->axis && account->key.story == key->story) {
            return account;
        }
    }
    return NULL;
}

static struct account *open_account(struct event_log *log, const struct key *key)
{
    struct account *account = find(log, key);
    if (account) {
        return account;
    }
    account = calloc(1, sizeof(*account));
    if (!account) {
        abort();
    }
    account->key = *key;
    account->next = *bucket_of(log, key);
    *bucket_of(log, key) = account;
    if (!timer_running(&log->window)) {
        timer_start_in(log->timers, &log->window, WINDOW_NS);
    }
    return account;
}

static void forget_counted(struct account *account)
{
    free(account->name);
    free(account->text);
    account->name = account->text = NULL;
    account->counted = 0;
}

static void count(struct account *account, enum log_level level, const struct event *event)
{
    unsigned counted = account->counted + 1;
    forget_counted(account);
    account->counted = counted;
    account->level = level;
    account->name = strdup(event->name);
    account->text = strdup(event->text);
    if (!account->name || !account->text) {
        abort();
    }
}

static void tell_counted(struct event_log *log, struct account *account)
{
    if (account->counted == 0) {
        return;
    }
    char before[64] = "", text[600];
    unsigned more = account->counted - 1;
    if (more > 0) {
        snprintf(before, sizeof(before), " (and %u change%s before that)", more, PLURAL(more));
    }
    snprintf(text, sizeof(text), "%s%s", account->text, before);
    log->tell(account->level, account->name, account->key.id, text, log->userdata);
    forget_counted(account);
}

static void on_window(struct timer *timer, void *userdata)
{
    struct event_log *log = userdata;
    bool any = false;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct account **link = &log->buckets[i]; *link;) {
            struct account *account = *link;
            if (account->counted > 0) { /* it goes on: no burst next time */
                tell_counted(log, account);
                any = true;
                link = &account->next;
                continue;
            }
            *link = account->next;
            free(account);
        }
    }
    if (any) {
        timer_start_in(log->timers, timer, WINDOW_NS);
    }
}

/* ---- events ----------------------------------------------------------------------------------------- */

/* Tells it after what was counted about the same component, and renewals after it are new again. */
static void tell_now(struct event_log *log, const struct event *event)
{
    struct key key = {.id = event->id, .of_sensor = !event->component};
    enum story own = kinds[event->kind].story;
    for (key.axis = 0; key.axis < AXES; key.axis++) {
        for (int story = REQUESTED; story < STORY_COUNT; story++) {
            key.story = (enum story)story;
            struct account *account = find(log, &key);
            if (account) {
                tell_counted(log, account);
            }
            if (account && story == REQUESTED && own != REQUESTED) {
                account->digest = 0;
            }
        }
    }
    log->tell(kinds[event->kind].level, event->name, event->id, event->text, log->userdata);
}

/* Whether it is told now; else it is counted, if its kind is. */
static bool take(struct event_log *log, const struct event *event)
{
    enum habit habit = kinds[event->kind].habit;
    if (habit == EACH || habit == NEVER) {
        return habit == EACH;
    }
    const struct key key = {event->id, !event->component, event->axis, kinds[event->kind].story};
    struct account *account = open_account(log, &key);
    if (habit == UNLESS_RENEWED) {
        uint32_t digest = digest_text(event->text);
        bool renewed = account->digest == digest;
        account->digest = digest;
        return !renewed;
    }
    if (account->told == EVENT_LOG_BURST) {
        count(account, kinds[event->kind].level, event);
        return false;
    }
    account->told++;
    return true;
}

static void on_event(const struct event *event, void *userdata)
{
    struct event_log *log = userdata;
    if (take(log, event)) {
        tell_now(log, event);
    } else {
        log->tell(LOG_LEVEL_DEBUG, event->name, event->id, event->text, log->userdata);
    }
}

struct event_log *event_log_new(struct timers *timers, event_log_tell_fn *tell, void *userdata)
{
    struct event_log *log = calloc(1, sizeof(*log));
    if (!log) {
        abort();
    }
    *log = (struct event_log){.timers = timers, .tell = tell, .userdata = userdata};
    timer_init(&log->window, on_window, log);
    return log;
}

void event_log_free(struct event_log *log)
{
    if (!log) {
        return;
    }
    timer_stop(log->timers, &log->window);
    for (size_t i = 0; i < BUCKETS; i++) {
        while (log->buckets[i]) {
            struct account *account = log->buckets[i];
            log->buckets[i] = account->next;
            tell_counted(log, account);
            free(account);
        }
    }
    free(log);
}

struct observer event_log_observer(struct event_log *log)
{
    return (struct observer){.on_event = on_event, .userdata = log};
}
