/* SPDX-License-Identifier: MIT */
#include "ctl/advice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/report.h"
#include "ctl/snapshot.h"

/* The allowed value that is nearest; 0 always is allowed. */
static double nearest_allowed(bounds_message *const *bounds, size_t n, double power)
{
    double best = 0;
    for (size_t i = 0; i < n; i++) {
        double lower = microgrid_common_v1_metrics_bounds_has_lower(bounds[i]) ? bounds[i]->lower : -INFINITY;
        double upper = microgrid_common_v1_metrics_bounds_has_upper(bounds[i]) ? bounds[i]->upper : INFINITY;
        double candidate = fmin(fmax(power, lower), upper);
        best = fabs(candidate - power) < fabs(best - power) ? candidate : best;
    }
    return best;
}

/* The command that says it best: discharge rather than set-power with a minus. */
static void name_command(const struct ctl *ctl, const component_message *component, int metric, double power,
    char *out, size_t cap)
{
    const char *flow = flow_word(component, power ? power : -1), *verb = "set-power";
    char value[48], lifetime[64] = "", repeated[300], id[OPERAND_BYTES];
    const char *asked = arguments_value(&ctl->arguments, OPTION_FOR);
    double shown = power;
    if (metric == METRIC(AC_REACTIVE_POWER)) {
        verb = "set-reactive";
    } else if (component_is_limited(component) && power <= 0) {
        verb = "curtail";
        shown = -power;
    } else if (power != 0 && (strcmp(flow, "charging") == 0 || strcmp(flow, "discharging") == 0)) {
        verb = power > 0 ? "charge" : "discharge";
        shown = fabs(power);
    }
    if (power == 0) {
        strcpy(value, "0");
    } else {
        operand_format(shown, unit_from_spelling(metric_unit(metric)), value, sizeof(value));
    }
    if (asked) {
        snprintf(lifetime, sizeof(lifetime), " --for %s", asked);
    }
    snprintf(out, cap, "nearest allowed: microgridctl %s %s %s%s%s", verb, component_operand(component, id),
        value, lifetime, arguments_repeat(&ctl->arguments, repeated, sizeof(repeated)));
}

/* What must come first, seen in the state; NULL if nothing. */
static const char *first_by_state(const struct ctl *ctl, const component_message *component,
    const struct sample *sample, char *out, size_t cap)
{
    char repeated[300], id[OPERAND_BYTES];
    const char *verb = sample_has_state(sample, STATE(ERROR)) ? "ack"
                       : sample_has_state(sample, STATE(OFF)) || sample_has_state(sample, STATE(STANDBY))
                           ? "start"
                           : NULL;
    if (!verb) {
        return NULL;
    }
    snprintf(out, cap, "first: microgridctl %s %s%s", verb, component_operand(component, id),
        arguments_repeat(&ctl->arguments, repeated, sizeof(repeated)));
    return out;
}

/* A limit that leaves room is no set-point; bounds are. */
static void name_bounds(
    const struct ctl *ctl, const component_message *component, double power, char *out, size_t cap)
{
    char lower[48], repeated[300], id[OPERAND_BYTES];
    snprintf(out, cap,
        "it gives less now; a limit for later: microgridctl bounds add %s power %s..0 --for 15m%s",
        component_operand(component, id), operand_format(power, UNIT_WATT, lower, sizeof(lower)),
        arguments_repeat(&ctl->arguments, repeated, sizeof(repeated)));
}

int advice_on_power(struct ctl *ctl, const component_message *component, int metric, double power,
    const struct ugrpc_status *st)
{
    const struct named named = {.component = component};
    struct snapshot snapshot = {.n = 0};
    struct ugrpc_status shown = *st, other;
    char text[ADVICE_BYTES];
    const char *next = NULL;
    bool worth = st->code == UGRPC_OUT_OF_RANGE || st->code == UGRPC_FAILED_PRECONDITION;
    if (worth && snapshot_try(ctl, &named, 1, &snapshot, &other) == 0) {
        size_t n;
        bounds_message *const *bounds = sample_bounds(&snapshot.samples[0], metric, &n);
        if (st->code == UGRPC_FAILED_PRECONDITION) {
            next = first_by_state(ctl, component, &snapshot.samples[0], text, sizeof(text));
        } else {
            double nearest = nearest_allowed(bounds, n, power);
            if (strcmp(ctl->arguments.command->name, "curtail") == 0 && nearest > power) {
                name_bounds(ctl, component, power, text, sizeof(text));
            } else {
                name_command(ctl, component, metric, nearest, text, sizeof(text));
            }
            next = text;
            char *same = strstr(shown.message, "; nearest allowed:"); /* said by the command now */
            if (same) {
                *same = '\0';
            }
        }
    }
    snapshot_done(&snapshot);
    return report_status(ctl, &shown, next);
}

/* A battery opens its relays without power only, and that is its inverter's. */
static const char *first_by_inverter(struct ctl *ctl, const struct directory *directory,
    const component_message *component, char *out, size_t cap)
{
    struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
    struct ugrpc_status st;
    char repeated[300], shown[OPERAND_BYTES];
    microgrid_v1_list_connections_request request = MICROGRID_V1_LIST_CONNECTIONS_REQUEST_INIT;
    microgrid_v1_list_connections_response *reply = NULL;
    const char *next = NULL;
    uint64_t id = component->id;
    request.n_ends = 1;
    request.ends = &id;
    if (component->category != CATEGORY(BATTERY) || strcmp(ctl->arguments.command->name, "stop") != 0) {
        return NULL;
    }
    if (microgrid_v1_list_connections(ctl->channel, &request, &reply, &options, &st) == 0 &&
        reply->n_connections) {
        const component_message *inverter = directory_by_id(
            directory, reply->connections[0]->source_component_id);
        if (inverter) {
            snprintf(out, cap, "first: microgridctl set-power %s 0%s", component_operand(inverter, shown),
                arguments_repeat(&ctl->arguments, repeated, sizeof(repeated)));
            next = out;
        }
    }
    microgrid_v1_list_connections_response_free(reply);
    return next;
}

int advice_on_switching(struct ctl *ctl, const struct directory *directory,
    const component_message *component, const struct ugrpc_status *st)
{
    const struct named named = {.component = component};
    struct snapshot snapshot = {.n = 0};
    struct ugrpc_status other;
    char text[ADVICE_BYTES];
    const char *next = NULL;
    if (st->code == UGRPC_FAILED_PRECONDITION && snapshot_try(ctl, &named, 1, &snapshot, &other) == 0) {
        const struct sample *sample = &snapshot.samples[0];
        next = first_by_state(ctl, component, sample, text, sizeof(text));
        next = next ? next : first_by_inverter(ctl, directory, component, text, sizeof(text));
    }
    snapshot_done(&snapshot);
    if (next && strcmp(ctl->arguments.command->name, "ack") == 0) {
        next = NULL; /* what cannot be acknowledged is not helped by trying again */
    }
    return report_status(ctl, st, next);
}
