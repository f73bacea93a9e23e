/* SPDX-License-Identifier: MIT */
#include "history_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/journal.h"
#include "store/store_internal.h"

#define DEAD_MOST 5 /* orders of an axis that are never answered: a few more, and answers mean nothing */

const char *const history_names[REF_PARTS] = {"inverter", "battery", "pv", "ev"};

uint64_t history_random(struct history *h, uint64_t n)
{
    uint64_t mixed = h->random += 0x9e3779b97f4a7c15ULL; /* splitmix64 */
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return (mixed ^ (mixed >> 31)) % n;
}

static int64_t now_ns(const struct history *h)
{
    return h->fake->clock.at_ns;
}

__attribute__((format(printf, 2, 0))) static void append(struct history *h, const char *format, va_list args)
{
    char line[640];
    int len = snprintf(line, sizeof(line), "%14.9f  ", (double)now_ns(h) / NS_PER_S);
    len += vsnprintf(line + len, sizeof(line) - (size_t)len - 2, format, args);
    len = len < (int)sizeof(line) - 2 ? len : (int)sizeof(line) - 3;
    line[len++] = '\n';
    line[len] = '\0';
    if (h->len + (size_t)len + 1 > h->cap) {
        h->cap = 2 * h->cap + sizeof(line);
        h->text = realloc(h->text, h->cap);
        assert_non_null(h->text);
    }
    memcpy(h->text + h->len, line, (size_t)len + 1);
    h->len += (size_t)len;
}

void history_say(struct history *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    append(h, format, args);
    va_end(args);
}

void history_fail(struct history *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    append(h, format, args);
    va_end(args);
    fprintf(stderr, "%s\n", h->text);
    fail_msg("history %llu%s differs from its reference; HISTORY=%llu repeats it alone",
        (unsigned long long)h->seed, h->disk ? " on disk" : "", (unsigned long long)h->seed);
}

/* ---- what happens at one instant -------------------------------------------------------------------- */

static void on_synced(void *userdata)
{
    *(bool *)userdata = true;
}

/* All that was made is on the disk; callbacks have run. */
bool history_settle_disk(struct history *h)
{
    if (h->disk && h->disk->store->serial != h->serial) {
        h->serial = h->disk->store->serial;
        h->made_utc_ns = h->fake->clock.utc_ns;
    }
    if (!h->disk || h->ref.slow ||
        (h->disk->store->serial == h->disk->store->written && !h->disk->store->first_sync)) {
        return false;
    }
    bool synced = false;
    h->last_write_utc_ns = h->made_utc_ns;
    assert_true(journal_sync(h->fake->site, on_synced, &synced));
    while (!synced) {
        if (timers_next_ns(&h->fake->timers) <= now_ns(h)) {
            timers_run(&h->fake->timers);
        } else {
            uv_run(&h->disk->loop, UV_RUN_ONCE);
        }
    }
    return true;
}

static int which_of(const struct history *h, const struct component *component)
{
    int which = 0;
    while (h->parts[which] != component) {
        which++;
    }
    return which;
}

static int count_owed(const struct history *h, const struct fake_order *like)
{
    int owed = 0;
    for (size_t i = 0; i < h->seen; i++) {
        const struct fake_order *order = &h->fake->device.orders[i];
        owed += order->done && order->component == like->component && order->axis == like->axis;
    }
    return owed;
}

static struct history_plan plan_for(struct history *h, int which, const struct fake_order *order)
{
    struct history_plan plan = {.at_ns = now_ns(h), .ok = true};
    bool owes = count_owed(h, order) >= (order->axis == AXIS_COUNT ? 2 : DEAD_MOST);
    switch (h->moods[which]) {
    case MOOD_SLOW:
        plan.at_ns += (int64_t)history_random(h, 13) * NS_PER_S;
        plan.ok = history_random(h, 3) > 0;
        break;
    case MOOD_FAILING:
        plan.ok = false;
        break;
    case MOOD_DEAD:
        plan.at_ns = owes ? plan.at_ns : INT64_MAX;
        break;
    default:
        break;
    }
    plan.at_ns = owes ? now_ns(h) : plan.at_ns;
    return plan;
}

bool history_take_orders(struct history *h)
{
    static const char *const kinds[] = {"power", "release", "start", "standby", "stop", "ack"};
    bool any = h->seen < h->fake->device.n;
    for (; h->seen < h->fake->device.n; h->seen++) {
        const struct fake_order *order = &h->fake->device.orders[h->seen];
        int which = which_of(h, order->component);
        h->plans[h->seen] = plan_for(h, which, order);
        h->counts->orders++;
        history_say(h, "    %s.%d is told: %s %.9g", history_names[which], (int)order->axis,
            kinds[order->kind], order->power);
        if (order->axis == AXIS_COUNT) {
            h->sequences[which] = h->seen + 1;
            continue;
        }
        history_observe(h);
        const char *complaint = ref_order(&h->ref, (enum ref_which)which, (int)order->axis,
            order->kind == FAKE_RELEASE, order->power, h->first_order + (int64_t)h->seen);
        if (complaint) {
            history_fail(h, "%s", complaint);
        }
    }
    return any;
}

/* The state in which a sequence leaves its component. */
static enum ref_state state_after(int which, enum fake_kind kind)
{
    return kind == FAKE_START                           ? REF_READY
           : kind == FAKE_STOP && which == REF_INVERTER ? REF_OFF
           : kind == FAKE_ACK && which == REF_EV        ? REF_READY
                                                        : REF_STANDBY;
}

static void answer_order(struct history *h, size_t i)
{
    struct fake_order *order = &h->fake->device.orders[i];
    int which = which_of(h, order->component);
    bool ok = h->plans[i].ok, sequence = order->axis == AXIS_COUNT;
    history_say(h, "    %s.%d answers %s", history_names[which], (int)order->axis, ok ? "OK" : "no");
    if (sequence && h->sequences[which] != i + 1) {
        ok = false; /* another has replaced it */
    } else if (sequence) {
        if (ok && !h->silent[which]) {
            h->physical[which] = state_after(which, order->kind);
            history_sample(h, (enum ref_which)which);
        }
        if (h->ref.parts[which].action != REF_NO_ACTION) {
            history_observe(h);
            ref_action_done(&h->ref, (enum ref_which)which, ok);
        }
    } else {
        history_observe(h);
        ref_answer(&h->ref, (enum ref_which)which, (int)order->axis, h->first_order + (int64_t)i, ok);
    }
    fake_finish(order, ok ? UGRPC_OK : UGRPC_UNAVAILABLE);
}

bool history_give_answers(struct history *h)
{
    bool any = false;
    for (size_t i = 0; i < h->seen; i++) {
        if (h->fake->device.orders[i].done && h->plans[i].at_ns <= now_ns(h)) {
            answer_order(h, i);
            history_take_orders(h);
            any = true;
        }
    }
    if (h->seen > 0 && fake_unanswered(h->fake) == 0) {
        h->first_order += (int64_t)h->seen;
        h->fake->device.n = h->seen = 0;
        memset(h->sequences, 0, sizeof(h->sequences));
    }
    return any;
}

bool history_run_timers(struct history *h)
{
    bool any = timers_next_ns(&h->fake->timers) <= now_ns(h);
    for (int turns = 0; timers_next_ns(&h->fake->timers) <= now_ns(h); turns++) {
        timers_run(&h->fake->timers);
        history_take_orders(h);
        if (turns == 1000) {
            history_fail(h, "timers do not come to rest");
        }
    }
    return any;
}

void history_follow(struct history *h)
{
    bool more = true;
    h->ref.slow &= now_ns(h) < h->disk_until_ns;
    while (more) {
        more = history_run_timers(h);
        more |= history_settle_disk(h);
        more |= history_take_orders(h);
        more |= history_give_answers(h);
    }
    if (!h->ref.slow) {
        h->kept = h->ref;
    }
    history_compare(h);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void history_pass(struct history *h, int64_t ns)
{
    int64_t until_ns = now_ns(h) + ns;
    while (now_ns(h) < until_ns) {
        int64_t next_ns = earlier(earlier(until_ns, timers_next_ns(&h->fake->timers)), h->next_sample_ns);
        for (size_t i = 0; i < h->seen; i++) {
            if (h->fake->device.orders[i].done) {
                next_ns = earlier(next_ns, h->plans[i].at_ns);
            }
        }
        if (h->ref.slow) {
            next_ns = earlier(next_ns, h->disk_until_ns);
        }
        fake_clock_advance_ns(&h->fake->clock, next_ns - now_ns(h));
        history_observe(h);
        ref_pass(&h->ref, now_ns(h), h->fake->clock.utc_ns);
        history_run_timers(h);
        if (now_ns(h) >= h->next_sample_ns) {
            history_sample_all(h);
        }
        history_follow(h);
    }
}

struct fake_answer *history_answer(struct history *h)
{
    assert_true(h->n_answers < HISTORY_ANSWERS);
    h->answers[h->n_answers] = (struct fake_answer){0};
    return &h->answers[h->n_answers++];
}
