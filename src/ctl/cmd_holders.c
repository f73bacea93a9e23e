/* SPDX-License-Identifier: MIT */
/* holders: who holds which set-points and bounds, and until when. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include <ugrpc/client.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/held.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/sample.h"
#include "ctl/table.h"

static const char *quantity_shown(int metric)
{
    switch (metric) {
    case METRIC(AC_ACTIVE_POWER):
        return "active power";
    case METRIC(AC_REACTIVE_POWER):
        return "reactive power";
    case METRIC(DC_POWER):
        return "DC power";
    case METRIC(BATTERY_SOC_PCT):
        return "state of charge";
    default:
        return "?";
    }
}

/* As the other commands have bounds. */
static bounds_message bounds_of(const held_bounds_message *held)
{
    bounds_message bounds;
    microgrid_common_v1_metrics_bounds_init(&bounds);
    if (microgrid_admin_v1_held_bounds_has_lower(held)) {
        microgrid_common_v1_metrics_bounds_set_lower(&bounds, (float)held->lower);
    }
    if (microgrid_admin_v1_held_bounds_has_upper(held)) {
        microgrid_common_v1_metrics_bounds_set_upper(&bounds, (float)held->upper);
    }
    return bounds;
}

static void clean(const holders_message *holders)
{
    for (size_t i = 0; i < holders->n_setpoints; i++) {
        text_clean(holders->setpoints[i]->component);
        text_clean(holders->setpoints[i]->caller);
    }
    for (size_t i = 0; i < holders->n_bounds; i++) {
        text_clean(holders->bounds[i]->component);
        text_clean(holders->bounds[i]->caller);
        text_clean(holders->bounds[i]->token);
    }
}

/* ---- for people ---- */

/* "12:06:03 (47 s)" */
static void add_until(struct table *table, const ugrpc_protobuf_timestamp *until)
{
    char at[40], left[40];
    int64_t seconds = until ? until->seconds - time(NULL) : 0;
    table_add(table, "%s (%s)", clock_format(until, at, sizeof(at)),
        duration_format(seconds > 0 ? seconds : 0, left, sizeof(left)));
}

static void show_setpoints(const holders_message *holders)
{
    static const char *const headings[] = {
        " ID", "NAME", "SET-POINT", " ASKED", " APPLIED", "UNTIL", " RENEWED", "BY", NULL};
    struct table table;
    table_init(&table, headings);
    for (size_t i = 0; i < holders->n_setpoints; i++) {
        const setpoint_message *held = holders->setpoints[i];
        int metric = held_metric(held->quantity);
        const char *unit = metric_unit(metric);
        char asked[48], applied[48] = "-";
        if (microgrid_admin_v1_held_setpoint_has_applied(held)) {
            power_format(held->applied, unit, applied, sizeof(applied));
        }
        table_add(&table, "%" PRIu64, held->component_id);
        table_add(&table, "%s", held->component);
        table_add(&table, "%s", quantity_shown(metric));
        table_add(&table, "%s", power_format(held->requested, unit, asked, sizeof(asked)));
        table_add(&table, "%s", applied);
        add_until(&table, held->valid_until);
        table_add(&table, "%" PRIu32, held->renewals);
        table_add(&table, "%s", held->caller);
    }
    table_print(&table, stdout, NULL);
    table_done(&table);
}

static void show_bounds(const holders_message *holders)
{
    static const char *const headings[] = {
        " ID", "NAME", "BOUNDS OF", "ALLOWED", "UNTIL", "TOKEN", "BY", NULL};
    struct table table;
    table_init(&table, headings);
    for (size_t i = 0; i < holders->n_bounds; i++) {
        const held_bounds_message *held = holders->bounds[i];
        int metric = held_metric(held->quantity);
        const char *unit = metric_unit(metric);
        bounds_message bounds = bounds_of(held), *one = &bounds;
        char range[80];
        table_add(&table, "%" PRIu64, held->component_id);
        table_add(&table, "%s", held->component);
        table_add(&table, "%s", quantity_shown(metric));
        table_add(&table, "%s", bounds_format_exact(&one, 1, unit, range, sizeof(range)));
        add_until(&table, held->valid_until);
        table_add(&table, "%s", *held->token ? held->token : "-");
        table_add(&table, "%s", held->caller);
    }
    table_print(&table, stdout, NULL);
    table_done(&table);
}

static int show(const holders_message *holders)
{
    if (holders->n_setpoints) {
        show_setpoints(holders);
    }
    if (holders->n_setpoints && holders->n_bounds) {
        putchar('\n');
    }
    if (holders->n_bounds) {
        show_bounds(holders);
    }
    if (holders->read_only) {
        puts(
            "nobody can hold anything: the gateway takes no commands; what it kept waits for a start that does");
    } else if (!holders->n_setpoints && !holders->n_bounds) {
        puts("nobody holds anything: no set-point and no added bounds");
    }
    return CTL_DONE;
}

/* ---- for programs ---- */

static int show_json(const holders_message *holders)
{
    json_t *setpoints = json_array(), *all = json_array();
    char until[40], word[80];
    for (size_t i = 0; i < holders->n_setpoints; i++) {
        const setpoint_message *held = holders->setpoints[i];
        int metric = held_metric(held->quantity);
        double applied = microgrid_admin_v1_held_setpoint_has_applied(held) ? held->applied : NAN;
        json_array_append_new(setpoints,
            json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:s, s:i, s:s}", "id", (json_int_t)held->component_id,
                "name", held->component, "metric", word_of(metric_words, metric, word, sizeof(word)), "unit",
                metric_unit(metric), "requested", float_to_json(held->requested), "applied",
                float_to_json(applied), "valid_until", utc_format(held->valid_until, until, sizeof(until)),
                "renewals", (int)held->renewals, "caller", held->caller));
    }
    for (size_t i = 0; i < holders->n_bounds; i++) {
        const held_bounds_message *held = holders->bounds[i];
        int metric = held_metric(held->quantity);
        bounds_message bounds = bounds_of(held), *one = &bounds;
        json_array_append_new(
            all, json_pack("{s:I, s:s, s:s, s:s, s:o, s:s, s:s, s:s*}", "id", (json_int_t)held->component_id,
                     "name", held->component, "metric", word_of(metric_words, metric, word, sizeof(word)),
                     "unit", metric_unit(metric), "bounds", bounds_to_json(&one, 1), "valid_until",
                     utc_format(held->valid_until, until, sizeof(until)), "caller", held->caller, "token",
                     *held->token ? held->token : NULL));
    }
    return json_print(json_pack(
        "{s:o, s:o, s:b}", "setpoints", setpoints, "bounds", all, "read_only", (int)holders->read_only));
}

int command_holders(struct ctl *ctl)
{
    int rc = ctl_connect(ctl, NULL);
    if (rc) {
        return rc;
    }
    struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
    struct ugrpc_status st;
    ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    holders_message *holders;
    if (microgrid_admin_v1_list_holders(ctl->channel, &nothing, &holders, &options, &st) < 0) {
        return report_status(ctl, &st, NULL);
    }
    clean(holders);
    rc = ctl->json ? show_json(holders) : show(holders);
    microgrid_admin_v1_list_holders_response_free(holders);
    return rc;
}
