/* SPDX-License-Identifier: MIT */
/* The bounds that callers add: for how long, whose they are, and what of them outlives the gateway. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/bounds.h"
#include "model/caller.h"
#include "model/journal.h"
#include "model/ledger.h"
#include "model/parts.h"
#include "model/site.h"
#include "model/tell.h"

static void follow_end(struct bounds_ledger *ledger)
{
    ledger->ends_ns = INT64_MAX;
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        const struct added *added = &ledger->slots[i].added;
        if (added->n && added->next_ns < ledger->ends_ns) {
            ledger->ends_ns = added->next_ns;
        }
    }
}

static void follow_expiry(struct slot *slot)
{
    struct timers *timers = slot->component->site->timers;
    if (slot->added.n) {
        timer_start_at(timers, &slot->expiry, slot->added.next_ns);
    } else {
        timer_stop(timers, &slot->expiry);
    }
    follow_end(slot->component->added);
}

/* "ac_active_power and ac_reactive_power": what callers may add bounds for. */
static const char *boundable(const struct component *component, char *out, size_t cap)
{
    size_t used = 0;
    for (int i = 0; i < BOUNDED_COUNT && used < cap; i++) {
        if (component_takes_bounds(component, (enum bounded)i)) {
            used += (size_t)snprintf(out + used, cap - used, "%s%s", used ? " and " : "",
                metric_name(bounded_metric((enum bounded)i)));
        }
    }
    return out;
}

/* Where bounds of `metric` are kept. Checks the ability and, if there is a device, that it answers; if not,
 * NULL and the error in `rc`. */
static struct slot *slot_for(
    struct component *component, enum metric metric, int *rc, struct ugrpc_status *st)
{
    char text[256];
    if (!component->added) {
        *rc = status_set(st, UGRPC_UNIMPLEMENTED, "%s: type %s takes no bounds", component_label(component),
            component_type_name(component->spec.type));
        return NULL;
    }
    int bounded = component_bounded(component, metric);
    if (bounded >= 0) {
        *rc = component->device ? telemetry_check_online(component, st) : 0;
        return *rc < 0 ? NULL : &component->added->slots[bounded];
    }
    *rc = status_set(st, UGRPC_UNIMPLEMENTED, "%s: type %s takes no bounds for %s, but for %s",
        component_label(component), component_type_name(component->spec.type),
        metric == METRIC_NONE ? "this metric" : metric_name(metric),
        boundable(component, text, sizeof(text)));
    return NULL;
}

/* After the entries of a slot have changed. Writes what is in force now to `text`. */
static const char *follow_entries(struct slot *slot, char *text, size_t cap)
{
    follow_expiry(slot);
    bounds_refresh(slot->component);
    ranges_format(
        &slot->component->in_force[slot->bounded], metric_unit(bounded_metric(slot->bounded)), text, cap);
    return text;
}

/* Who is told of it is told later in this turn. */
static void expire(struct slot *slot)
{
    int64_t now_ns = clock_now_ns(slot->component->site->timers->clock);
    struct ended *ended = &slot->ended;
    for (size_t i = 0; i < slot->added.n; i++) {
        const struct added_entry *entry = &slot->added.entries[i];
        if (entry->until_ns > now_ns) {
            continue;
        }
        const char *by = caller_shown(entry->owner);
        ended->several = ended->n > 0 && (ended->several || strcmp(ended->by, by) != 0);
        if (ended->n++ == 0) {
            snprintf(ended->by, sizeof(ended->by), "%s", by);
        }
        ranges_add(&ended->ranges, entry->range);
        ended->until_utc_ns = entry->until_utc_ns;
    }
    added_expire(&slot->added, now_ns);
}

bool slots_expire(struct component *component)
{
    struct bounds_ledger *ledger = component->added;
    if (ledger->ends_ns == INT64_MAX || ledger->ends_ns > clock_now_ns(component->site->timers->clock)) {
        return false;
    }
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        struct slot *slot = &ledger->slots[i];
        if (slot->added.n) {
            expire(slot);
        }
    }
    follow_end(ledger);
    return true;
}

/* ---- the journal ------------------------------------------------------------------------------------ */

/* "ac_active_power -2000 ... 4000 W" */
static const char *detail_format(enum bounded bounded, const struct ranges *ranges, char *out, size_t cap)
{
    const char *unit = metric_unit(bounded_metric(bounded));
    int len = snprintf(out, cap, "%s ", metric_name(bounded_metric(bounded)));
    ranges_format(ranges, unit, out + len, cap - (size_t)len);
    return out;
}

static void write_command(const struct slot *slot, enum journal_verb verb, const struct caller *caller,
    int64_t lifetime_ns, const char *detail)
{
    const struct component *component = slot->component;
    struct ugrpc_status ok = {.code = UGRPC_OK};
    uint64_t entry = journal_write_command(component->site, &(struct journal_command){
                                                                .verb = verb,
                                                                .component_id = component->spec.id,
                                                                .component = component->spec.name,
                                                                .caller = caller,
                                                                .value = NAN,
                                                                .lifetime_ns = lifetime_ns,
                                                                .detail = detail,
                                                            });
    journal_write_outcome(component->site, entry, &ok);
}

/* What was added; one that only lasts longer than before is no row of its own. */
static void journal_added(const struct slot *slot, const struct caller *caller,
    const struct bounds_request *request, const struct added_request *added, bool prolonged)
{
    struct journal *journal = slot->component->site->journal;
    if (!journal) {
        return;
    }
    if (!prolonged) {
        char detail[320];
        const struct ranges ranges = {.items = (struct range *)request->ranges, .n = request->n};
        write_command(slot, JOURNAL_ADD_BOUNDS, caller, request->lifetime_ns,
            detail_format(slot->bounded, &ranges, detail, sizeof(detail)));
    }
    if (added->token) {
        journal->keeper->drop_bounds(journal, slot->component->spec.id, slot->bounded, added->token);
    }
    journal->keeper->keep_bounds(journal, &(struct journal_bounds){
                                              .component_id = slot->component->spec.id,
                                              .type = slot->component->spec.type,
                                              .bounded = slot->bounded,
                                              .owner = added->owner,
                                              .token = added->token,
                                              .ranges = added->ranges,
                                              .n = added->n,
                                              .until_ns = added->until_ns,
                                              .until_utc_ns = added->until_utc_ns,
                                          });
}

static void write_end(struct journal *journal, const struct component *component, enum bounded bounded,
    const struct ranges *ranges, struct journal_bounds_end *ended)
{
    char detail[320];
    ended->component_id = component->spec.id;
    ended->component = component->spec.name;
    ended->bounded = bounded;
    ended->detail = detail_format(bounded, ranges, detail, sizeof(detail));
    journal->keeper->write_bounds_end(journal, ended);
}

static void tell_ended(struct slot *slot)
{
    struct component *component = slot->component;
    struct ended *ended = &slot->ended;
    char text[256], why[288];
    if (ended->n == 0) {
        return;
    }
    follow_entries(slot, text, sizeof(text));
    tell_component(component, EVENT_BOUNDS_EXPIRED, "%zu added bound%s of %s ended, now in force: %s",
        ended->n, PLURAL(ended->n), metric_name(bounded_metric(slot->bounded)), text);
    if (component->site->journal) {
        snprintf(why, sizeof(why), "now in force: %s", text);
        write_end(component->site->journal, component, slot->bounded, &ended->ranges,
            &(struct journal_bounds_end){.by = ended->several ? "" : ended->by,
                .until_utc_ns = ended->until_utc_ns,
                .end = JOURNAL_EXPIRED,
                .why = why});
    }
    ended->n = 0;
    ranges_clear(&ended->ranges);
}

void slot_on_expiry(struct timer *timer, void *userdata)
{
    struct slot *slot = userdata;
    slots_expire(slot->component);
    tell_ended(slot);
}

void bounds_each_added(const struct component *component, bounds_added_fn *each, void *userdata)
{
    for (int i = 0; i < BOUNDED_COUNT && component->added; i++) {
        const struct added *added = &component->added->slots[i].added;
        for (size_t j = 0; j < added->n; j++) {
            const struct added_entry *entry = &added->entries[j];
            each(
                &(struct journal_bounds){
                    .component_id = component->spec.id,
                    .type = component->spec.type,
                    .bounded = (enum bounded)i,
                    .owner = entry->owner,
                    .token = entry->token,
                    .ranges = &entry->range,
                    .n = 1,
                    .until_ns = entry->until_ns,
                    .until_utc_ns = entry->until_utc_ns,
                },
                userdata);
        }
    }
}

static void keep(const struct journal_bounds *added, void *userdata)
{
    struct journal *journal = userdata;
    journal->keeper->keep_bounds(journal, added);
}

void bounds_keep(const struct component *component)
{
    bounds_each_added(component, keep, component->site->journal);
}

void bounds_restore(struct component *component, const struct journal_bounds *kept)
{
    struct clock *clock = component->site->timers->clock;
    if (!component_takes_bounds(component, kept->bounded) || kept->until_ns <= clock_now_ns(clock)) {
        return;
    }
    struct slot *slot = &component->added->slots[kept->bounded];
    const struct added_request added = {
        .owner = kept->owner,
        .token = kept->token,
        .ranges = kept->ranges,
        .n = kept->n,
        .until_ns = kept->until_ns,
        .until_utc_ns = kept->until_utc_ns,
    };
    int64_t until_utc_ns;
    char text[256];
    if (added_put(&slot->added, &added, BOUNDS_MAX_ENTRIES, &until_utc_ns)) {
        tell_component(component, EVENT_BOUNDS_RESTORED,
            "%zu added bound%s of %s go%s on after the restart, now in force: %s", kept->n, PLURAL(kept->n),
            metric_name(bounded_metric(kept->bounded)), kept->n == 1 ? "es" : "",
            follow_entries(slot, text, sizeof(text)));
    }
}

void bounds_end_kept(const struct component *component, const struct journal_bounds *kept,
    struct journal *journal, enum journal_end end, const char *why)
{
    const struct ranges ranges = {.items = (struct range *)kept->ranges, .n = kept->n};
    bool dropped = end == JOURNAL_DROPPED;
    if (!component_takes_bounds(component, kept->bounded)) {
        return;
    }
    tell_component(component, dropped ? EVENT_BOUNDS_DROPPED : EVENT_BOUNDS_RESTORED,
        "%zu added bound%s of %s %s%s", kept->n, PLURAL(kept->n), metric_name(bounded_metric(kept->bounded)),
        dropped ? "dropped: " : "ended ", why);
    write_end(journal, component, kept->bounded, &ranges,
        &(struct journal_bounds_end){
            .by = caller_shown(kept->owner), .until_utc_ns = kept->until_utc_ns, .end = end, .why = why});
}

int bounds_add(struct component *component, const struct caller *caller, const struct bounds_request *request,
    int64_t *until_utc_ns, struct ugrpc_status *st)
{
    int rc;
    struct slot *slot = slot_for(component, request->metric, &rc, st);
    if (!slot) {
        return rc;
    }
    struct clock *clock = component->site->timers->clock;
    const struct added_request added = {
        .owner = caller->owner,
        .token = request->token,
        .ranges = request->ranges,
        .n = request->n,
        .until_ns = clock_now_ns(clock) + request->lifetime_ns,
        .until_utc_ns = clock_now_utc_ns(clock) + request->lifetime_ns,
    };
    char text[256];
    expire(slot);
    size_t n_before = slot->added.n;
    uint64_t version_before = slot->added.version;
    if (!added_put(&slot->added, &added, BOUNDS_MAX_ENTRIES, until_utc_ns)) {
        follow_entries(slot, text, sizeof(text));
        tell_ended(slot);
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED,
            "%s: %zu bounds of %s are active, with these %zu it would be more than the %d that are allowed",
            component_label(component), slot->added.n, metric_name(request->metric), request->n,
            BOUNDS_MAX_ENTRIES);
    }
    tell_component(component, EVENT_BOUNDS_ADDED,
        "%zu bound%s of %s added for %g s, now in force: %s, from %s", request->n, PLURAL(request->n),
        metric_name(request->metric), (double)request->lifetime_ns / NS_PER_S,
        follow_entries(slot, text, sizeof(text)), caller->label);
    tell_ended(slot);
    journal_added(
        slot, caller, request, &added, slot->added.n == n_before && slot->added.version == version_before);
    return 0;
}

int bounds_clear(struct component *component, const struct caller *caller, enum metric metric,
    const char *token, struct ugrpc_status *st)
{
    int rc;
    struct slot *slot = slot_for(component, metric, &rc, st);
    if (!slot) {
        return rc;
    }
    size_t removed = added_remove(&slot->added, token);
    if (removed) {
        char text[256];
        tell_component(component, EVENT_BOUNDS_CLEARED,
            "%zu added bound%s of %s cleared, now in force: %s, from %s", removed, PLURAL(removed),
            metric_name(metric), follow_entries(slot, text, sizeof(text)), caller->label);
        struct journal *journal = component->site->journal;
        if (journal) {
            char detail[320];
            snprintf(detail, sizeof(detail), "%s %s", metric_name(metric), token);
            write_command(slot, JOURNAL_CLEAR_BOUNDS, caller, 0, detail);
            journal->keeper->drop_bounds(journal, component->spec.id, slot->bounded, token);
        }
        tell_ended(slot);
    }
    return 0;
}

bool bounds_have_added(const struct component *component, enum axis axis)
{
    const struct bounds_ledger *ledger = component->added;
    if (ledger->slots[axis_bounded(axis)].added.n) {
        return true;
    }
    struct component *const *batteries;
    size_t n = axis == AXIS_ACTIVE ? graph_list_batteries(component, &batteries) : 0;
    for (size_t i = 0; i < n; i++) {
        const struct slot *slots = batteries[i]->added->slots;
        if (slots[BOUNDED_DC_POWER].added.n || slots[BOUNDED_SOC].added.n) {
            return true;
        }
    }
    return false;
}
