/* SPDX-License-Identifier: MIT */
/* Random histories of commands, bounds, faults and restarts, compared with a slow reference after each event.
 * HISTORIES=n plays n of them (a fifth of them on disk), HISTORY=seed only that one, and tells it. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "model/command_check.h"

#define HISTORIES  2000
#define ON_DISK    5  /* one in so many */
#define OPERATIONS 60 /* of one history, at most */

static const struct caller *const callers[] = {&fake_caller_a, &fake_caller_b};
static const enum metric metrics[REF_METRICS] = {
    METRIC_AC_ACTIVE_POWER, METRIC_AC_REACTIVE_POWER, METRIC_DC_POWER, METRIC_BATTERY_SOC_PCT};

static enum ref_which any_part(struct history *h)
{
    static const enum ref_which often[] = {
        REF_INVERTER, REF_INVERTER, REF_INVERTER, REF_PV, REF_PV, REF_EV, REF_BATTERY};
    return often[history_random(h, ARRAY_LEN(often))];
}

static bool chance(struct history *h, uint64_t percent)
{
    return history_random(h, 100) < percent;
}

/* ---- set-points ------------------------------------------------------------------------------------- */

static double any_power(struct history *h, enum ref_which which, int axis)
{
    static struct ref_set in_force;
    double most = 1.2 * h->ref.parts[which].rated_va;
    double power = ((double)history_random(h, 200001) / 100000 - 1) * most;
    switch (history_random(h, 6)) {
    case 0:
        return 0;
    case 1:
        return (float)power;
    case 2: /* at an end of what is allowed, or one step of float32 beside it */
        ref_in_force(&h->ref, which, (enum ref_metric)axis, &in_force);
        power = in_force.items[history_random(h, (uint64_t)in_force.n)].lower;
        return chance(h, 50) ? power : nextafterf((float)power, -INFINITY);
    case 3:
        ref_in_force(&h->ref, which, (enum ref_metric)axis, &in_force);
        power = in_force.items[history_random(h, (uint64_t)in_force.n)].upper;
        return chance(h, 50) ? power : nextafterf((float)power, INFINITY);
    default:
        return round(power / 500) * 500;
    }
}

/* What a refusal names would be accepted, and nothing is that lies nearer. */
static void check_named(struct history *h, enum ref_which which, int axis, double power, const char *message)
{
    const char *at = strstr(message, "nearest allowed: ");
    if (!at) {
        history_fail(h, "it does not say what would be accepted: %s", message);
        return;
    }
    at += strlen("nearest allowed: ");
    char *end;
    double named[2] = {strtof(at, &end), NAN};
    if (strncmp(end, " or ", 4) == 0) {
        named[1] = strtof(end + 4, NULL);
    }
    for (int i = 0; i < 2 && !isnan(named[i]); i++) {
        bool waits;
        if (!ref_in_bounds(&h->ref, which, axis, named[i]) ||
            command_check(h->parts[which], (enum axis)axis, named[i], &waits, NULL) < 0) {
            history_fail(h, "%.9g is named, but not accepted: %s", named[i], message);
        }
        for (int j = 1; j < 64; j++) {
            double nearer = (float)(named[i] + (power - named[i]) * j / 64);
            if (nearer != named[i] && ref_in_bounds(&h->ref, which, axis, nearer)) {
                history_fail(h, "%.9g is nearer, and accepted, too: %s", nearer, message);
            }
        }
    }
}

static void set_power(struct history *h)
{
    static const int64_t lifetimes_s[] = {10, 10, 11, 15, 20, 60, 60, 300, 900};
    enum ref_which which = any_part(h);
    int axis = chance(h, 25) ? REF_REACTIVE : REF_ACTIVE;
    double power = any_power(h, which == REF_BATTERY ? REF_INVERTER : which, axis);
    int64_t lifetime_s = lifetimes_s[history_random(h, ARRAY_LEN(lifetimes_s))];
    const struct ref_wish *wish = &h->ref.parts[which].axes[axis].wish;
    if (h->ref.slow && (h->physical[which] != REF_READY || h->ref.parts[which].action != REF_NO_ACTION)) {
        return; /* what it is to wake for waits for the disk, too: that is not looked at here */
    }
    if (wish->mode == REF_SET && chance(h, 15)) {
        power = wish->value; /* a renewal */
    }
    struct ugrpc_status st = {.code = UGRPC_OK};
    struct fake_answer *answer = history_answer(h);
    history_say(h, "set %s.%d to %.9g for %d s", history_names[which], axis, power, (int)lifetime_s);
    history_observe(h);
    int owed = ref_set_power(&h->ref, which, axis, power, lifetime_s);
    int rc = command_set_power(h->parts[which], (enum axis)axis, callers[history_random(h, 2)], power,
        lifetime_s, fake_on_command, answer, &st);
    if (rc != -owed) {
        history_fail(h, "it is %d, but owed is %d: %s", -rc, owed, st.message);
    }
    if (rc < 0) {
        h->counts->refusals++;
        h->n_answers--;
    }
    if (rc == -UGRPC_OUT_OF_RANGE) {
        check_named(h, which, axis, power, st.message);
    }
}

/* ---- bounds ----------------------------------------------------------------------------------------- */

static double any_end(struct history *h, enum ref_which which, enum ref_metric metric)
{
    if (metric == REF_SOC) {
        return (double)history_random(h, 101);
    }
    double most = which == REF_BATTERY ? 10000 : 1.1 * h->ref.parts[which].rated_va;
    double end = ((double)history_random(h, 200001) / 100000 - 1) * most;
    return chance(h, 60) ? round(end / 1000) * 1000 : (float)end;
}

static struct ref_range any_range(struct history *h, enum ref_which which, enum ref_metric metric)
{
    double a = any_end(h, which, metric), b = any_end(h, which, metric);
    struct ref_range range = {fmin(a, b), fmax(a, b)};
    switch (history_random(h, 8)) {
    case 0:
        range.lower = -INFINITY;
        break;
    case 1:
        range.upper = INFINITY;
        break;
    case 2:
        range = (struct ref_range){-fabs(a), fabs(b)}; /* around 0 */
        break;
    default:
        break;
    }
    return range;
}

static enum ref_metric any_metric(struct history *h, enum ref_which which)
{
    if (which == REF_BATTERY) {
        return chance(h, 50) ? REF_DC : REF_SOC;
    }
    return which != REF_EV && chance(h, 25) ? REF_REACTIVE : REF_ACTIVE;
}

/* Two may end at the same moment, and be told by different UTC if that has jumped between them. */
static bool ends_together(const struct ref_part *part, int64_t one_utc_ns, int64_t other_utc_ns)
{
    for (int i = 0; i < part->n_entries; i++) {
        for (int j = 0; j < part->n_entries; j++) {
            const struct ref_entry *one = &part->entries[i], *other = &part->entries[j];
            if (one->until_ns == other->until_ns && one->until_utc_ns == one_utc_ns &&
                other->until_utc_ns == other_utc_ns) {
                return true;
            }
        }
    }
    return false;
}

static void add_bounds(struct history *h)
{
    static const int64_t lifetimes_s[] = {5, 5, 10, 15, 60, 60, 300, 900};
    static const char *const tokens[] = {NULL, NULL, NULL, "t", "u"};
    enum ref_which which = any_part(h);
    struct ref_range ranges[3];
    struct range real[3];
    uint64_t caller = history_random(h, 2);
    struct ref_bounds bounds = {
        .metric = any_metric(h, which), .ranges = ranges, .n = 1 + (int)history_random(h, 3)};
    bounds.owner = caller ? "b" : "a";
    bounds.token = tokens[history_random(h, ARRAY_LEN(tokens))];
    bounds.lifetime_s = lifetimes_s[history_random(h, ARRAY_LEN(lifetimes_s))];
    const struct ref_part *part = &h->ref.parts[which];
    for (int i = 0; i < bounds.n; i++) {
        bool again = part->n_entries > 0 && chance(h, 20);
        ranges[i] = any_range(h, which, bounds.metric);
        if (again && part->entries[0].metric == bounds.metric) {
            ranges[i] = part->entries[0].range;
        }
        real[i] = (struct range){ranges[i].lower, ranges[i].upper};
        history_say(h, "add to %s.%d by %s, token %s: %.9g ... %.9g for %d s", history_names[which],
            (int)bounds.metric, bounds.owner, bounds.token ? bounds.token : "none", ranges[i].lower,
            ranges[i].upper, (int)bounds.lifetime_s);
    }
    int64_t owed_utc_ns = 0, until_utc_ns = 0;
    struct ugrpc_status st = {.code = UGRPC_OK};
    int owed = ref_add(&h->ref, which, &bounds, &owed_utc_ns);
    int rc = fake_add_bounds(h->parts[which], metrics[bounds.metric], callers[caller], bounds.token, real,
        (size_t)bounds.n, bounds.lifetime_s, &until_utc_ns, &st);
    if (rc != -owed || (rc == 0 && !ends_together(part, owed_utc_ns, until_utc_ns))) {
        history_fail(h, "it is %d, but owed is %d (UTC differs by %lld): %s", -rc, owed,
            (long long)(until_utc_ns - owed_utc_ns), st.message);
    }
}

static void clear_bounds(struct history *h)
{
    enum ref_which which = any_part(h);
    enum ref_metric metric = any_metric(h, which);
    const char *token = chance(h, 50) ? "t" : "u";
    history_say(h, "clear %s of %s.%d", token, history_names[which], (int)metric);
    int owed = ref_clear(&h->ref, which, metric, token);
    int rc = bounds_clear(h->parts[which], &fake_caller_a, metrics[metric], token, NULL);
    if (rc != -owed) {
        history_fail(h, "it is %d, but owed is %d", -rc, owed);
    }
}

/* ---- life cycle and devices ------------------------------------------------------------------------- */

static void run_action(struct history *h)
{
    static const enum lifecycle_action actions[] = {
        LIFECYCLE_START, LIFECYCLE_STANDBY, LIFECYCLE_STOP, LIFECYCLE_ACK};
    enum ref_which which = any_part(h);
    enum ref_action action = (enum ref_action)history_random(h, 4);
    if (which == REF_BATTERY) {
        which = REF_INVERTER;
    }
    if (h->physical[which] == REF_ERROR && chance(h, 70)) {
        action = REF_ACK;
    } else if (h->physical[which] != REF_READY && chance(h, 60)) {
        action = REF_START;
    }
    struct ugrpc_status st = {.code = UGRPC_OK};
    struct fake_answer *answer = history_answer(h);
    history_say(h, "%s %s", lifecycle_name(actions[action]), history_names[which]);
    int owed = ref_run(&h->ref, which, action);
    int rc = lifecycle_run(h->parts[which], actions[action], &fake_caller_a, fake_on_status, answer, &st);
    if (rc != -owed) {
        history_fail(h, "it is %d, but owed is %d: %s", -rc, owed, st.message);
    }
    if (rc < 0) {
        h->counts->refusals++;
        h->n_answers--;
    }
}

static void change_limits(struct history *h)
{
    enum ref_which which = any_part(h);
    enum ref_metric metric = any_metric(h, which);
    struct ref_range *momentary = &h->momentary[which][metric];
    double most = which == REF_BATTERY ? 9000 : h->ref.parts[which].rated_va;
    *momentary = REF_ALL;
    if (metric == REF_SOC) {
        double lower = 10 + (double)history_random(h, 40);
        *momentary = (struct ref_range){lower, lower + 1 + (double)history_random(h, 40)};
    } else if (chance(h, 70)) {
        *momentary = (struct ref_range){-(double)(float)(most * (double)history_random(h, 101) / 100),
            most * (double)history_random(h, 101) / 100};
    }
    history_say(h, "%s.%d: its own limits are %.9g ... %.9g now", history_names[which], (int)metric,
        momentary->lower, momentary->upper);
}

static void change_device(struct history *h)
{
    static const char *const moods[] = {"prompt", "slow", "failing", "dead"};
    enum ref_which which = any_part(h);
    switch (history_random(h, 7)) {
    case 0:
        h->soc_pct = (double)history_random(h, 101);
        history_say(h, "state of charge %g %%", h->soc_pct);
        which = REF_BATTERY;
        break;
    case 1:
        h->open = !h->open && chance(h, 40);
        history_say(h, "relays of the battery %s", h->open ? "open" : "close");
        which = REF_BATTERY;
        break;
    case 2:
        if (which != REF_BATTERY && h->ref.parts[which].action == REF_NO_ACTION && chance(h, 40)) {
            h->physical[which] = REF_ERROR;
            history_say(h, "%s is in error", history_names[which]);
        }
        break;
    case 3:
        h->wants[REF_PV] = -(double)history_random(h, 15000);
        h->wants[REF_EV] = (double)history_random(h, 11000);
        history_say(h, "sun %g W, car %g W", h->wants[REF_PV], h->wants[REF_EV]);
        which = chance(h, 50) ? REF_PV : REF_EV;
        break;
    case 4:
        h->silent[which] = !h->silent[which] && chance(h, 40);
        history_say(h, "%s is %s", history_names[which], h->silent[which] ? "silent" : "no longer silent");
        break;
    default:
        h->moods[which] = chance(h, 50) ? MOOD_PROMPT : (enum history_mood)history_random(h, MOOD_COUNT);
        history_say(h, "the device of %s is %s", history_names[which], moods[h->moods[which]]);
        return;
    }
    if (!h->silent[which]) {
        history_sample(h, which);
    }
}

/* ---- time ------------------------------------------------------------------------------------------- */

/* Until something ends, if anything does. */
static int64_t left_of_something(struct history *h)
{
    int64_t ends_ns[2 * REF_PARTS + REF_PARTS * REF_ENTRIES];
    uint64_t n = 0;
    for (int i = 0; i < REF_PARTS; i++) {
        const struct ref_part *part = &h->ref.parts[i];
        for (int axis = 0; axis < REF_AXES; axis++) {
            if (part->axes[axis].wish.mode == REF_SET) {
                ends_ns[n++] = part->axes[axis].wish.until_ns;
            }
        }
        for (int j = 0; j < part->n_entries; j++) {
            ends_ns[n++] = part->entries[j].until_ns;
        }
    }
    return n > 0 ? ends_ns[history_random(h, n)] - h->ref.now_ns : NS_PER_S;
}

static void pass(struct history *h)
{
    static const int64_t seconds[] = {1, 1, 5, 5, 10, 10, 60, 900};
    int64_t ns = 0;
    switch (history_random(h, 5)) {
    case 0:
        ns = 1;
        break;
    case 1:
        ns = (int64_t)history_random(h, 2 * NS_PER_S);
        break;
    case 2:
        ns = seconds[history_random(h, ARRAY_LEN(seconds))] * NS_PER_S;
        break;
    default:
        ns = left_of_something(h) + (int64_t)history_random(h, 3) - 1;
    }
    history_say(h, "%.9f s pass", (double)ns / NS_PER_S);
    history_pass(h, ns);
}

static void slow_disk(struct history *h)
{
    int64_t ms = 100 + (int64_t)history_random(h, 1400); /* less than the store's patience */
    if (h->disk && !h->ref.slow) {
        int64_t left_ns = left_of_something(h) - (int64_t)history_random(h, NS_PER_S);
        history_pass(h, left_ns > 0 && chance(h, 50) ? left_ns : 1); /* something ends meanwhile */
        history_say(h, "the disk does not answer for %d ms", (int)ms);
        h->ref.slow = true;
        h->disk_until_ns = h->ref.now_ns + ms * NS_PER_MS;
        set_power(h);
    }
}

static void jump(struct history *h)
{
    int64_t s = (int64_t)history_random(h, 7200) - 3600;
    history_say(h, "UTC jumps by %d s", (int)s);
    h->fake->clock.utc_ns += s * NS_PER_S;
    h->ref.now_utc_ns = h->fake->clock.utc_ns;
    h->utc_jumped |= s < 0;
}

static void restart(struct history *h)
{
    int64_t end_ns = left_of_something(h);
    struct history_restart how = {.stop = chance(h, 30), .samples_first = chance(h, 60)};
    how.copy = !how.stop && chance(h, 60);
    how.another_boot = chance(h, 40);
    how.down_ns = chance(h, 40) && end_ns > 1 ? end_ns + (int64_t)history_random(h, 3) - 1
                  : chance(h, 80)             ? (int64_t)history_random(h, 20 * NS_PER_S)
                                              : (int64_t)history_random(h, 1000) * NS_PER_S;
    how.utc_ns = h->fake->clock.utc_ns + how.down_ns;
    how.utc_ns = how.utc_ns > h->last_utc_ns ? how.utc_ns : h->last_utc_ns;
    /* After a jump back the journal may hold bounds that have ended, but not by UTC. */
    how.unsynchronised = how.another_boot && (h->utc_jumped || chance(h, 25));
    if (how.another_boot && !h->utc_jumped && chance(h, 25)) {
        how.utc_ns = h->last_write_utc_ns - 1; /* just behind the journal */
    }
    history_restart(h, &how);
}

/* ---- histories -------------------------------------------------------------------------------------- */

static void operate(struct history *h)
{
    uint64_t what = history_random(h, 100);
    h->counts->operations++;
    if (what < 34) {
        set_power(h);
    } else if (what < 52) {
        add_bounds(h);
    } else if (what < 55) {
        clear_bounds(h);
    } else if (what < 62) {
        if (!h->ref.slow) {
            run_action(h);
        }
    } else if (what < 68) {
        change_limits(h);
    } else if (what < 76) {
        change_device(h);
    } else if (what < 77) {
        jump(h);
    } else if (what < 82) {
        slow_disk(h);
    } else if (what < 94 || !h->disk) {
        pass(h);
    } else {
        restart(h);
    }
    if (h->fake->clock.utc_ns > h->last_utc_ns) {
        h->last_utc_ns = h->fake->clock.utc_ns;
    }
}

static void play(uint64_t seed, bool tell, struct history_counts *counts)
{
    struct history *h = malloc(sizeof(*h));
    assert_non_null(h);
    history_begin(h, seed, seed % ON_DISK == 0, counts);
    int operations = 10 + (int)history_random(h, OPERATIONS - 10);
    for (int i = 0; i < operations; i++) {
        operate(h);
        bool killed = h->disk && chance(h, 2);
        if (killed) { /* amid what was just asked for */
            history_restart(
                h, &(struct history_restart){
                       .before_write = true, .samples_first = true, .utc_ns = h->fake->clock.utc_ns});
        } else {
            history_follow(h);
        }
    }
    if (tell) {
        fprintf(stderr, "%s\n", h->text);
    }
    history_end(h);
    free(h);
}

static void any_history_of_bounds_lifetimes_and_restarts_ends_as_its_reference(void **state)
{
    struct history_counts counts = {0};
    const char *one = getenv("HISTORY"), *many = getenv("HISTORIES");
    uint64_t n = many ? strtoull(many, NULL, 10) : HISTORIES;
    if (one) {
        play(strtoull(one, NULL, 10), true, &counts);
        return;
    }
    for (uint64_t seed = 1; seed <= n; seed++) {
        play(seed, false, &counts);
    }
    print_message("%d histories, %d operations (%d refused), %d restarts, %d orders, %d comparisons\n",
        (int)counts.histories, (int)counts.operations, (int)counts.refusals, (int)counts.restarts,
        (int)counts.orders, (int)counts.comparisons);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_history_of_bounds_lifetimes_and_restarts_ends_as_its_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
