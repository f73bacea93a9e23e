/* SPDX-License-Identifier: MIT */
/* bounds add: narrows what a component may do, for a while; and what is in force then. */
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/directory.h"
#include "ctl/format.h"
#include "ctl/held.h"
#include "ctl/json.h"
#include "ctl/metric.h"
#include "ctl/report.h"
#include "ctl/snapshot.h"
#include "ctl/table.h"

struct addition {
    int metric;
    bounds_message bounds[MAX_OPERANDS];
    bounds_message *list[MAX_OPERANDS];
    size_t n;
    double lifetime_s;
    microgrid_v1_component_bounds_validity_duration duration;
};

/* The API knows four durations. */
static int parse_duration(const struct ctl *ctl, struct addition *addition)
{
    static const struct {
        double seconds;
        microgrid_v1_component_bounds_validity_duration number;
    } durations[] = {
        {5, MICROGRID_V1_COMPONENT_BOUNDS_VALIDITY_DURATION_5_SECONDS},
        {60, MICROGRID_V1_COMPONENT_BOUNDS_VALIDITY_DURATION_1_MINUTE},
        {300, MICROGRID_V1_COMPONENT_BOUNDS_VALIDITY_DURATION_5_MINUTES},
        {900, MICROGRID_V1_COMPONENT_BOUNDS_VALIDITY_DURATION_15_MINUTES},
    };
    const char *text = arguments_value(&ctl->arguments, OPTION_FOR);
    struct ugrpc_status st;
    text = text ? text : "5s";
    if (duration_parse(text, &addition->lifetime_s, &st) < 0) {
        return report_usage("--for \"%s\": %s", text, st.message);
    }
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        if (durations[i].seconds == addition->lifetime_s) {
            addition->duration = durations[i].number;
            return 0;
        }
    }
    return report_usage("--for \"%s\": bounds hold for 5s, 1m, 5m or 15m", text);
}

static int parse(const struct ctl *ctl, struct addition *addition)
{
    const struct arguments *arguments = &ctl->arguments;
    int rc = metric_parse(arguments->operands[1], &addition->metric);
    rc = rc ? rc : parse_duration(ctl, addition);
    for (size_t i = 2; i < arguments->n_operands && rc == 0; i++) {
        enum unit unit = unit_from_spelling(metric_unit(addition->metric));
        struct ugrpc_status st;
        addition->list[addition->n] = &addition->bounds[addition->n];
        if (range_parse(arguments->operands[i], unit, addition->list[addition->n++], &st) < 0) {
            rc = report_usage("\"%s\": %s", arguments->operands[i], st.message);
        }
    }
    return rc;
}

/* ---- what became of it ---- */

/* What is known besides the answer. */
struct effect {
    component_data *data; /* the next sample; NULL: none came */
    bounds_message *const *in_force;
    size_t n;
    holders_message *before, *after; /* NULL: not told */
};

static void effect_look(
    struct ctl *ctl, const component_message *component, int metric, struct effect *effect)
{
    effect->data = snapshot_next(ctl, component);
    effect->in_force = sample_bounds(&(struct sample){.component = effect->data}, metric, &effect->n);
    effect->after = effect->before ? held_ask(ctl) : NULL;
}

static void effect_done(struct effect *effect)
{
    microgrid_common_v1_microgrid_components_component_data_free(effect->data);
    microgrid_admin_v1_list_holders_response_free(effect->before);
    microgrid_admin_v1_list_holders_response_free(effect->after);
}

static bool is_side(bool has, float side, bool other_has, float other)
{
    return has == other_has && (!has || side == other);
}

/* Whether exactly what was added is in force. */
static bool is_exact(const struct addition *addition, const struct effect *effect)
{
    bool same = addition->n == effect->n;
    for (size_t i = 0; i < effect->n && same; i++) {
        const bounds_message *a = addition->list[i], *b = effect->in_force[i];
        same = is_side(microgrid_common_v1_metrics_bounds_has_lower(a), a->lower,
                   microgrid_common_v1_metrics_bounds_has_lower(b), b->lower) &&
               is_side(microgrid_common_v1_metrics_bounds_has_upper(a), a->upper,
                   microgrid_common_v1_metrics_bounds_has_upper(b), b->upper);
    }
    return same;
}

/* Every set-point that is applied otherwise than before; bounds of a battery are its inverter's, too. */
static void tell_moves(const component_message *component, const struct effect *effect)
{
    for (size_t i = 0; effect->after && i < effect->after->n_setpoints; i++) {
        setpoint_message *now = effect->after->setpoints[i];
        int metric = held_metric(now->quantity);
        const char *unit = metric_unit(metric);
        const setpoint_message *then = held_setpoint(effect->before, now->component_id, metric);
        if (!then || then->applied == now->applied || !microgrid_admin_v1_held_setpoint_has_applied(now) ||
            !microgrid_admin_v1_held_setpoint_has_applied(then)) {
            continue;
        }
        text_clean(now->component);
        bool own = now->component_id == component->id;
        printf("  set-point %s%s%.7g %s moved to %.7g %s\n", own ? "" : "of ", own ? "" : now->component,
            then->applied, unit, now->applied, unit);
    }
}

static int show_json(const struct ctl *ctl, const component_message *component,
    const struct addition *addition, const ugrpc_protobuf_timestamp *until, const struct effect *effect)
{
    char at[40], metric[80];
    return json_print(json_pack("{s:I, s:s, s:s, s:o, s:o, s:s, s:b}", "id", (json_int_t)component->id,
        "name", component->name, "metric", word_of(metric_words, addition->metric, metric, sizeof(metric)),
        "bounds", bounds_to_json(addition->list, addition->n), "in_force",
        effect->n ? bounds_to_json(effect->in_force, effect->n) : json_null(), "valid_until",
        utc_format(until, at, sizeof(at)), "journal_degraded", ctl->journal_degraded));
}

static int show(const struct ctl *ctl, const component_message *component, const struct addition *addition,
    const ugrpc_protobuf_timestamp *until, const struct effect *effect)
{
    char text[400], added[400], label[160], at[40];
    const char *unit = metric_unit(addition->metric);
    if (ctl->json) {
        return show_json(ctl, component, addition, until, effect);
    }
    bounds_format_exact(addition->list, addition->n, unit, added, sizeof(added));
    printf("%s: %s until %s: %s%s\n", label_format(component->name, component->id, label, sizeof(label)),
        effect->n ? "in force" : "added", clock_format(until, at, sizeof(at)),
        effect->n ? bounds_format_exact(effect->in_force, effect->n, unit, text, sizeof(text)) : added,
        *unit == 'W' ? " (0 W is always allowed)" : "");
    if (effect->n && !is_exact(addition, effect)) {
        printf("  added %s, united with what else is added, cut by what the component allows\n", added);
    }
    tell_moves(component, effect);
    return CTL_DONE;
}

static int send_bounds(struct ctl *ctl, const component_message *component, struct addition *addition)
{
    struct ugrpc_reply_metadata metadata = {.n_trailing = 0};
    struct ugrpc_call_options options = {
        .timeout_ms = ctl_timeout_ms(ctl, false), .reply_metadata = &metadata};
    struct ugrpc_status st;
    struct effect effect = {.before = held_ask(ctl)};
    microgrid_v1_add_component_bounds_request request = MICROGRID_V1_ADD_COMPONENT_BOUNDS_REQUEST_INIT;
    microgrid_v1_add_component_bounds_response *reply;
    request.component_id = component->id;
    request.target_metric = (microgrid_common_v1_metrics_metric)addition->metric;
    request.n_bounds = addition->n;
    request.bounds = addition->list;
    request.validity_duration = addition->duration;
    int rc = microgrid_v1_add_component_bounds(ctl->channel, &request, &reply, &options, &st);
    ctl_note_reply(ctl, &metadata);
    if (rc < 0) {
        rc = report_status(ctl, &st, NULL);
    } else {
        effect_look(ctl, component, addition->metric, &effect);
        rc = show(ctl, component, addition, reply->ts, &effect);
        microgrid_v1_add_component_bounds_response_free(reply);
    }
    effect_done(&effect);
    return rc;
}

int command_bounds_add(struct ctl *ctl)
{
    struct directory directory = {.sensors = NULL};
    struct addition addition = {.n = 0};
    const component_message *component;
    int rc = parse(ctl, &addition);
    rc = rc ? rc : ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &directory, false);
    rc = rc ? rc : directory_component(&directory, ctl->arguments.operands[0], &component);
    rc = rc ? rc : send_bounds(ctl, component, &addition);
    directory_done(&directory);
    return rc;
}
