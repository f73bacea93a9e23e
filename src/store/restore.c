/* SPDX-License-Identifier: MIT */
/* What a restart makes of what was kept: bounds first, as they limit what is told to devices from then on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/bounds.h"
#include "model/command.h"
#include "model/site.h"
#include "store/store_internal.h"

struct restoring {
    struct store *store;
    const struct kept *kept;
    int64_t now_ns, now_utc_ns;
    struct component *component; /* whose bounds of one token, or with one verdict, are being gathered */
    enum boot_verdict verdict;
    struct journal_bounds bounds;
    struct range *ranges;
    size_t cap;
    char *owner, *token;
    size_t n_setpoints, n_ended;
};

static enum boot_verdict carry_over(
    const struct restoring *restoring, int64_t *until_ns, int64_t until_utc_ns)
{
    return boot_carry_over(&restoring->store->boot, restoring->kept->boot, restoring->now_ns,
        restoring->now_utc_ns, restoring->kept->last_utc_ns, until_ns, until_utc_ns);
}

/* Of what does not go on, in words. */
static const char *why_ended(enum boot_verdict verdict)
{
    static const char *const words[] = {
        [BOOT_GOES_ON] = "",
        [BOOT_ENDED] = "while the gateway was not running",
        [BOOT_UNSYNCHRONISED] = "the machine was restarted and its clock is not synchronised, so that nobody "
                                "knows how long it had to go",
        [BOOT_CLOCK_BEHIND] = "the machine was restarted and its clock is behind the journal, so that nobody "
                              "knows how long it had to go",
        [BOOT_IMPOSSIBLE] = "the journal has an end for it that no lifetime reaches",
    };
    return words[verdict];
}

static enum journal_end how_ended(enum boot_verdict verdict)
{
    return verdict == BOOT_ENDED ? JOURNAL_EXPIRED : JOURNAL_DROPPED;
}

static void restore_setpoint(struct restoring *restoring, const struct op *op)
{
    struct component *component = site_component(restoring->store->site, op->component);
    struct journal_setpoint kept = {
        .component_id = op->component,
        .axis = (enum axis)op->place,
        .mode = (enum setpoint_mode)op->mode,
        .waiting = op->waiting,
        .limiting = op->limiting,
        .requested = op->value,
        .until_ns = op->until_ns,
        .until_utc_ns = op->until_utc_ns,
        .by = op->caller,
        .entry = op->about,
        .renewals = op->renewals,
    };
    if (!component || op->place < 0 || op->place >= AXIS_COUNT || !isfinite(op->value) ||
        component->setpoints[op->place].generation > 0) {
        return; /* no longer in the site file, or commanded since */
    }
    kept.component = component->spec.name;
    enum boot_verdict verdict = kept.mode == SETPOINT_ACTIVE
                                    ? carry_over(restoring, &kept.until_ns, kept.until_utc_ns)
                                    : BOOT_GOES_ON;
    if (verdict != BOOT_GOES_ON) {
        struct journal *journal = &restoring->store->journal;
        kept.until_ns = restoring->now_ns;
        journal->keeper->write_end(journal, &kept, how_ended(verdict), why_ended(verdict));
        restoring->n_ended++;
    }
    restoring->n_setpoints++;
    command_restore(component, &kept, verdict > BOOT_ENDED ? why_ended(verdict) : NULL);
}

static void restore_gathered(struct restoring *restoring)
{
    if (restoring->component) {
        restoring->bounds.owner = restoring->owner;
        restoring->bounds.token = *restoring->token ? restoring->token : NULL;
        restoring->bounds.ranges = restoring->ranges;
        if (restoring->verdict == BOOT_GOES_ON) {
            bounds_restore(restoring->component, &restoring->bounds);
        } else {
            bounds_end_kept(restoring->component, &restoring->bounds, &restoring->store->journal,
                how_ended(restoring->verdict), why_ended(restoring->verdict));
        }
    }
    restoring->component = NULL;
    restoring->bounds.n = 0;
    free(restoring->owner);
    free(restoring->token);
    restoring->owner = restoring->token = NULL;
}

static char *copy(const char *text)
{
    char *own = strdup(text);
    if (!own) {
        abort();
    }
    return own;
}

/* Those of one token belong together: put one by one, each would replace the one before. */
static void restore_bound(struct restoring *restoring, const struct op *op)
{
    struct component *component = site_component(restoring->store->site, op->component);
    int64_t until_ns = op->until_ns;
    if (!component || op->place < 0 || op->place >= BOUNDED_COUNT || isnan(op->value) || isnan(op->upper) ||
        op->value > op->upper) {
        return;
    }
    enum boot_verdict verdict = carry_over(restoring, &until_ns, op->until_utc_ns);
    bool same = restoring->component == component && (int)restoring->bounds.bounded == op->place &&
                restoring->verdict == verdict && strcmp(restoring->token, op->text) == 0 &&
                (*op->text || (verdict != BOOT_GOES_ON && strcmp(restoring->owner, op->caller) == 0));
    if (!same) {
        restore_gathered(restoring);
        restoring->component = component;
        restoring->verdict = verdict;
        restoring->bounds = (struct journal_bounds){.component_id = op->component,
            .bounded = (enum bounded)op->place,
            .until_ns = until_ns,
            .until_utc_ns = op->until_utc_ns};
        restoring->owner = copy(op->caller);
        restoring->token = copy(op->text);
    }
    if (restoring->bounds.n == restoring->cap) {
        restoring->cap = restoring->cap ? 2 * restoring->cap : 8;
        restoring->ranges = realloc(restoring->ranges, restoring->cap * sizeof(*restoring->ranges));
        if (!restoring->ranges) {
            abort();
        }
    }
    restoring->ranges[restoring->bounds.n++] = (struct range){op->value, op->upper};
}

static void end_open_command(struct journal *journal, const struct op *op)
{
    struct ugrpc_status st;
    status_set(&st, UGRPC_UNKNOWN, "the gateway ended before it was written what became of it");
    journal->keeper->write_outcome(journal, op->id, &st);
}

void store_restore_kept(struct store *store, const struct kept *kept)
{
    struct restoring restoring = {
        .store = store,
        .kept = kept,
        .now_ns = clock_now_ns(store_clock(store)),
        .now_utc_ns = clock_now_utc_ns(store_clock(store)),
    };
    command_restore_begin(store->site);
    for (const struct op *op = kept->bounds; op; op = op->next) { /* first: they limit what is told now */
        restore_bound(&restoring, op);
    }
    restore_gathered(&restoring);
    free(restoring.ranges);
    for (const struct op *op = kept->setpoints; op; op = op->next) {
        restore_setpoint(&restoring, op);
    }
    command_restore_end(store->site);
    for (const struct op *op = kept->open_commands; op; op = op->next) {
        end_open_command(&store->journal, op);
    }
    if (restoring.n_setpoints > 0) {
        store_note(store, LOG_LEVEL_DEBUG,
            "%s/journal.db: %zu axes were commanded, %zu lifetimes have ended since", store->options.folder,
            restoring.n_setpoints, restoring.n_ended);
    }
}
