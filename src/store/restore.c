/* SPDX-License-Identifier: MIT */
/* What a restart makes of what was kept: bounds first, as they limit what is told to devices from then on. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/bounds.h"
#include "model/command.h"
#include "model/site.h"
#include "store/store_internal.h"

#define MOST_NAMED 5

/* How what was kept has ended; why: NULL: it has not. */
struct ending {
    enum journal_end end;
    const char *why;
};

struct restoring {
    struct store *store;
    const struct kept *kept;
    int64_t now_ns, now_utc_ns;
    struct component *component; /* whose bounds of one token, or with one ending, are being gathered */
    struct ending ending;
    struct journal_bounds bounds;
    struct range *ranges;
    size_t cap;
    char *owner, *token;
    size_t n_setpoints, n_ended;
    uint64_t absent[MOST_NAMED]; /* components that the site does not have */
    size_t n_absent;
    bool more_absent;
};

static const struct ending endings[] = {
    [BOOT_GOES_ON] = {0},
    [BOOT_ENDED] = {JOURNAL_EXPIRED, "while the gateway was not running"},
    [BOOT_UNSYNCHRONISED] = {JOURNAL_DROPPED,
        "the machine was restarted and its clock is not synchronised, so that nobody knows how long it had to "
        "go"},
    [BOOT_CLOCK_BEHIND] = {JOURNAL_DROPPED,
        "the machine was restarted and its clock is behind the journal, so that nobody knows how long it had to "
        "go"},
    [BOOT_IMPOSSIBLE] = {JOURNAL_DROPPED, "the journal has an end for it that no lifetime reaches"},
};
static const struct ending not_known = {
    JOURNAL_DROPPED, "the journal's log was damaged, so that nobody knows what was commanded last"};
static const struct ending without_value = {JOURNAL_DROPPED, "its value in the journal is damaged"};
static const struct ending of_another = {
    JOURNAL_DROPPED, "the site has a component of another type of this id now"};

static struct ending ending_of(const struct restoring *restoring, const struct op *op, int64_t *until_ns)
{
    return endings[boot_carry_over(&restoring->store->boot, restoring->kept->boot, restoring->now_ns,
        restoring->now_utc_ns, restoring->kept->last_utc_ns, until_ns, op->until_utc_ns)];
}

static bool is_another(const struct component *component, const struct op *op)
{
    return *op->name && strcmp(op->name, component_type_name(component->spec.type)) != 0;
}

static struct journal_setpoint setpoint_of(const struct op *op, const char *component)
{
    return (struct journal_setpoint){
        .component_id = op->component,
        .component = component,
        .axis = (enum axis)op->place,
        .mode = (enum setpoint_mode)op->mode,
        .waiting = op->waiting,
        .limiting = op->limiting,
        .requested = isfinite(op->value) ? op->value : 0,
        .until_ns = op->until_ns,
        .until_utc_ns = op->until_utc_ns,
        .by = op->caller,
        .entry = op->about,
        .renewals = op->renewals,
    };
}

static void write_end(struct restoring *restoring, const struct journal_setpoint *kept, struct ending ending)
{
    struct journal *journal = &restoring->store->journal;
    journal->keeper->write_end(journal, kept, ending.end, ending.why);
    restoring->n_ended++;
}

static void count_absent(struct restoring *restoring, uint64_t component_id)
{
    size_t i = 0;
    while (i < restoring->n_absent && i < MOST_NAMED && restoring->absent[i] != component_id) {
        i++;
    }
    if (i == MOST_NAMED) {
        restoring->more_absent = true;
    } else if (i == restoring->n_absent) {
        restoring->absent[restoring->n_absent++] = component_id;
    }
}

/* Kept on, in this boot's time, as its device may come back and still do what it was told: a lifetime that is
 * over then has to end with 0. */
static void leave(struct restoring *restoring, const struct op *op)
{
    struct store *store = restoring->store;
    bool bound = op->kind == OP_KEEP_BOUND, counts = bound || op->mode == SETPOINT_ACTIVE;
    int64_t until_ns = op->until_ns;
    struct ending ending = counts ? ending_of(restoring, op, &until_ns) : (struct ending){0};
    if (bound && ending.why) {
        return;
    }
    if (counts) {
        count_absent(restoring, op->component);
    }
    struct op *absent = op_new(op);
    absent->until_ns = until_ns;
    if (ending.why) {
        const struct journal_setpoint kept = setpoint_of(op, "");
        write_end(restoring, &kept, ending);
        absent->mode = SETPOINT_ZERO;
    }
    absent->next = store->absent;
    store->absent = absent;
}

static void restore_setpoint(struct restoring *restoring, const struct op *op)
{
    struct component *component = site_component(restoring->store->site, op->component);
    if (op->place < 0 || op->place >= AXIS_COUNT) {
        return;
    }
    if (!component) {
        leave(restoring, op);
        return;
    }
    if (component->setpoints[op->place].generation > 0) {
        return; /* commanded since */
    }
    struct journal_setpoint kept = setpoint_of(op, component->spec.name);
    struct ending ending = {0};
    if (is_another(component, op)) {
        ending = of_another;
    } else if (kept.mode == SETPOINT_ACTIVE && !isfinite(op->value)) {
        ending = without_value;
    } else if (kept.mode == SETPOINT_ACTIVE && restoring->kept->log_damaged) {
        ending = not_known;
    } else if (kept.mode == SETPOINT_ACTIVE) {
        ending = ending_of(restoring, op, &kept.until_ns);
    }
    if (ending.why && kept.mode == SETPOINT_ACTIVE) {
        kept.until_ns = restoring->now_ns;
        write_end(restoring, &kept, ending);
    }
    restoring->n_setpoints++;
    if (is_another(component, op)) {
        store_note(restoring->store, LOG_LEVEL_WARNING,
            "%s (%" PRIu64
            ") is another component than the %s that was commanded: nothing of that goes on, and "
            "what that one does is not known",
            component->spec.name, op->component, op->name);
        return;
    }
    command_restore(component, &kept, ending.end == JOURNAL_DROPPED ? ending.why : NULL);
}

static void restore_gathered(struct restoring *restoring)
{
    if (restoring->component) {
        restoring->bounds.owner = restoring->owner;
        restoring->bounds.token = *restoring->token ? restoring->token : NULL;
        restoring->bounds.ranges = restoring->ranges;
        if (restoring->ending.why) {
            bounds_end_kept(restoring->component, &restoring->bounds, &restoring->store->journal,
                restoring->ending.end, restoring->ending.why);
        } else {
            bounds_restore(restoring->component, &restoring->bounds);
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
    if (op->place < 0 || op->place >= BOUNDED_COUNT || isnan(op->value) || isnan(op->upper) ||
        op->value > op->upper) {
        return;
    }
    if (!component) {
        leave(restoring, op);
        return;
    }
    struct ending ending = is_another(component, op) ? of_another : ending_of(restoring, op, &until_ns);
    bool same = restoring->component == component && (int)restoring->bounds.bounded == op->place &&
                restoring->ending.why == ending.why && strcmp(restoring->token, op->text) == 0 &&
                (*op->text || (ending.why && strcmp(restoring->owner, op->caller) == 0));
    if (!same) {
        restore_gathered(restoring);
        restoring->component = component;
        restoring->ending = ending;
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

static void tell_absent(const struct restoring *restoring)
{
    char ids[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < restoring->n_absent; i++) {
        used += (size_t)snprintf(
            ids + used, sizeof(ids) - used, "%s%" PRIu64, i ? ", " : "", restoring->absent[i]);
    }
    if (used > 0) {
        store_note(restoring->store, LOG_LEVEL_WARNING,
            "the site no longer has what had been commanded as component %s%s: what was kept of it stays in the "
            "journal until it is back; what it does now is not known",
            ids, restoring->more_absent ? " and others" : "");
    }
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
    tell_absent(&restoring);
    for (const struct op *op = kept->open_commands; op; op = op->next) {
        end_open_command(&store->journal, op);
    }
    if (restoring.n_setpoints > 0) {
        store_note(store, LOG_LEVEL_DEBUG,
            "%s/journal.db: %zu axes were commanded, %zu lifetimes have ended since", store->options.folder,
            restoring.n_setpoints, restoring.n_ended);
    }
}
