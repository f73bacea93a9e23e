/* SPDX-License-Identifier: MIT */
/* A table of fixed size; when it is full, the one that was quiet longest makes room. Refusals are the same if
 * their messages are but for the numbers in them, which change from call to call: values, bounds, ports. */
#include "daemon/refusals.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timer.h"

#define SLOTS 64

struct slot {
    char caller[REFUSALS_CALLER_BYTES], method[48], name[64];
    uint64_t id;
    enum ugrpc_code code; /* OK: empty */
    uint64_t reason;      /* digest of the message without its numbers */
    char last[sizeof(((struct ugrpc_status *)NULL)->message)];
    uint64_t counted; /* since it was last told */
    int64_t last_ns;
};

struct refusals {
    struct timers *timers;
    refusals_tell_fn *tell;
    void *userdata;
    struct timer tick; /* runs while something is counted */
    struct slot slots[SLOTS];
};

/* FNV-1a of the message, in which a number ("-1433.5", "1e+06") counts as one letter. */
static uint64_t digest_reason(const char *message)
{
    uint64_t digest = 14695981039346656037u;
    for (const char *c = message; *c;) {
        char letter = *c;
        size_t sign = *c == '-' || *c == '+';
        if (isdigit((unsigned char)c[sign])) {
            char *end;
            strtod(c, &end);
            letter = '0';
            c = end;
        } else {
            c++;
        }
        digest = (digest ^ (unsigned char)letter) * 1099511628211u;
    }
    return digest;
}

static void tell_count(struct refusals *refusals, struct slot *slot)
{
    char text[900];
    snprintf(text, sizeof(text), "%s from %s: %s: %llu more like it, the last: %s", slot->method,
        slot->caller, ugrpc_code_name((int)slot->code), (unsigned long long)slot->counted, slot->last);
    slot->counted = 0;
    refusals->tell(*slot->name ? slot->name : NULL, slot->id, text, refusals->userdata);
}

static void tell_counts(struct refusals *refusals)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (refusals->slots[i].counted > 0) {
            tell_count(refusals, &refusals->slots[i]);
        }
    }
}

static void on_tick(struct timer *timer, void *userdata)
{
    tell_counts(userdata);
}

struct refusals *refusals_new(struct timers *timers, refusals_tell_fn *tell, void *userdata)
{
    struct refusals *refusals = calloc(1, sizeof(*refusals));
    if (!refusals) {
        abort();
    }
    refusals->timers = timers;
    refusals->tell = tell;
    refusals->userdata = userdata;
    timer_init(&refusals->tick, on_tick, refusals);
    return refusals;
}

static bool matches(const struct slot *slot, const struct refusal *refusal, uint64_t reason)
{
    return slot->code == refusal->st->code && slot->id == refusal->id && slot->reason == reason &&
           strncmp(slot->caller, refusal->caller, sizeof(slot->caller) - 1) == 0 &&
           strncmp(slot->method, refusal->method, sizeof(slot->method) - 1) == 0;
}

/* The slot of this refusal; else one that may be taken: empty, or quiet for longest. */
static struct slot *find(
    struct refusals *refusals, const struct refusal *refusal, uint64_t reason, bool *known)
{
    struct slot *oldest = &refusals->slots[0];
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &refusals->slots[i];
        if (matches(slot, refusal, reason)) {
            *known = true;
            return slot;
        }
        if (slot->last_ns < oldest->last_ns) {
            oldest = slot;
        }
    }
    *known = false;
    return oldest;
}

void refusals_add(struct refusals *refusals, const struct refusal *refusal)
{
    bool known;
    uint64_t reason = digest_reason(refusal->st->message);
    struct slot *slot = find(refusals, refusal, reason, &known);
    if (!known && slot->counted > 0) {
        tell_count(refusals, slot);
    }
    if (known) {
        slot->last_ns = clock_now_ns(refusals->timers->clock);
        slot->counted++;
        snprintf(slot->last, sizeof(slot->last), "%s", refusal->st->message);
        if (!timer_running(&refusals->tick)) {
            timer_start_in(refusals->timers, &refusals->tick, REFUSALS_EVERY_S * NS_PER_S);
        }
        return;
    }
    *slot = (struct slot){.id = refusal->id, .code = refusal->st->code, .reason = reason};
    slot->last_ns = clock_now_ns(refusals->timers->clock);
    snprintf(slot->caller, sizeof(slot->caller), "%s", refusal->caller);
    snprintf(slot->method, sizeof(slot->method), "%s", refusal->method);
    snprintf(slot->name, sizeof(slot->name), "%s", refusal->name ? refusal->name : "");
    char text[800];
    snprintf(text, sizeof(text), "%s from %s: %s: %s", slot->method, slot->caller,
        ugrpc_code_name((int)slot->code), refusal->st->message);
    refusals->tell(refusal->name, refusal->id, text, refusals->userdata);
}

void refusals_free(struct refusals *refusals)
{
    if (!refusals) {
        return;
    }
    tell_counts(refusals);
    timer_stop(refusals->timers, &refusals->tick);
    free(refusals);
}
