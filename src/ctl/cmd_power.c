/* SPDX-License-Identifier: MIT */
/* Set-points: set-power, set-reactive, charge, discharge, curtail. They are one call with different words. */
#include <math.h>
#include <signal.h>
#include <stdio.h>

#include <ugrpc/client.h>

#include "ctl/advice.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/held.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/sample.h"

#define LIFETIME_S      60 /* as the API's own */
#define HOLD_LIFETIME_S 15 /* what is left if this program is killed */
#define HOLD_RENEW_S    5
#define AWAIT_MS        2000 /* Ctrl-C is seen between the attempts */
#define SHORTEST_S      10   /* a lifetime that the API allows */
#define LONGEST_S       900

/* How the power is written, and what goes over the wire. */
struct verb {
    int metric;
    bool unsigned_power; /* the word says the direction */
    double factor;
    bool limit; /* not "do this", but "at most this" */
};

struct order {
    const struct verb *verb;
    const component_message *component;
    double power;
    uint64_t lifetime_s;
    ugrpc_protobuf_timestamp until; /* as answered */
    bool is_awaited;                /* the gateway is away: goes as soon as it is back */
};

static struct ugrpc_call_options options_of(
    const struct ctl *ctl, const struct order *order, struct ugrpc_reply_metadata *metadata)
{
    return (struct ugrpc_call_options){
        .timeout_ms = order->is_awaited ? AWAIT_MS : ctl_timeout_ms(ctl, false),
        .wait_for_ready = order->is_awaited ? UGRPC_WAIT_YES : UGRPC_WAIT_DEFAULT,
        .reply_metadata = metadata,
    };
}

static int send_active(struct ctl *ctl, struct order *order, struct ugrpc_status *st)
{
    struct ugrpc_reply_metadata metadata = {.n_trailing = 0};
    struct ugrpc_call_options options = options_of(ctl, order, &metadata);
    microgrid_v1_set_component_power_active_request request =
        MICROGRID_V1_SET_COMPONENT_POWER_ACTIVE_REQUEST_INIT;
    microgrid_v1_set_component_power_active_response *reply;
    request.component_id = order->component->id;
    request.power = (float)order->power;
    microgrid_v1_set_component_power_active_request_set_request_lifetime(&request, order->lifetime_s);
    int rc = microgrid_v1_set_component_power_active(ctl->channel, &request, &reply, &options, st);
    ctl_note_reply(ctl, &metadata);
    if (rc == 0) {
        order->until.seconds = reply->valid_until ? reply->valid_until->seconds : 0;
        microgrid_v1_set_component_power_active_response_free(reply);
    }
    return rc;
}

static int send_reactive(struct ctl *ctl, struct order *order, struct ugrpc_status *st)
{
    struct ugrpc_reply_metadata metadata = {.n_trailing = 0};
    struct ugrpc_call_options options = options_of(ctl, order, &metadata);
    microgrid_v1_set_component_power_reactive_request request =
        MICROGRID_V1_SET_COMPONENT_POWER_REACTIVE_REQUEST_INIT;
    microgrid_v1_set_component_power_reactive_response *reply;
    request.component_id = order->component->id;
    request.power = (float)order->power;
    microgrid_v1_set_component_power_reactive_request_set_request_lifetime(&request, order->lifetime_s);
    int rc = microgrid_v1_set_component_power_reactive(ctl->channel, &request, &reply, &options, st);
    ctl_note_reply(ctl, &metadata);
    if (rc == 0) {
        order->until.seconds = reply->valid_until ? reply->valid_until->seconds : 0;
        microgrid_v1_set_component_power_reactive_response_free(reply);
    }
    return rc;
}

static int send_order(struct ctl *ctl, struct order *order, struct ugrpc_status *st)
{
    ugrpc_protobuf_timestamp_init(&order->until);
    return order->verb->metric == METRIC(AC_ACTIVE_POWER) ? send_active(ctl, order, st)
                                                          : send_reactive(ctl, order, st);
}

/* ---- output ---- */

/* What the gateway has made of it, by its limits and steps, if it tells; else NAN. */
static double ask_applied(struct ctl *ctl, const struct order *order)
{
    holders_message *holders = held_ask(ctl);
    const setpoint_message *held = held_setpoint(holders, order->component->id, order->verb->metric);
    bool same = held && (float)held->requested == (float)order->power &&
                microgrid_admin_v1_held_setpoint_has_applied(held);
    double applied = same ? held->applied : NAN;
    microgrid_admin_v1_list_holders_response_free(holders);
    return applied;
}

/* "charging, +5000 W", "0 W", "at most -3000 W", "+500 VAr inductive" */
static const char *describe(const struct order *order, char *out, size_t cap)
{
    char power[48];
    power_format(order->power, metric_unit(order->verb->metric), power, sizeof(power));
    if (order->verb->limit) {
        snprintf(out, cap, "limited, at most %s", power);
    } else if (order->power == 0) {
        snprintf(out, cap, "%s", power);
    } else if (order->verb->metric == METRIC(AC_REACTIVE_POWER)) {
        snprintf(out, cap, "%s, %s", order->power > 0 ? "inductive" : "capacitive", power);
    } else {
        snprintf(out, cap, "%s, %s", flow_word(order->component, order->power), power);
    }
    return out;
}

/* ", 88 W applied (limits or steps)", where it is not what was asked for. */
static const char *describe_applied(double applied, const struct order *order, char *out, size_t cap)
{
    char power[48];
    out[0] = '\0';
    if (!isnan(applied) && (float)applied != (float)order->power) {
        snprintf(out, cap, ", of which %s is applied (limits, or its steps)",
            power_format(applied, metric_unit(order->verb->metric), power, sizeof(power)));
    }
    return out;
}

/* How it goes on for what only its source limits. The API does not tell which of the two. */
#define THEN_OF_LIMIT " until the next command, or free again (on_expiry: release in its site file)"

static void tell(struct ctl *ctl, const struct order *order, bool held)
{
    char what[100], label[160], until[40], lifetime[40], but[120];
    double applied = ask_applied(ctl, order);
    const char *unit = metric_unit(order->verb->metric);
    if (ctl->json) {
        json_print_line(json_pack("{s:I, s:s, s:o, s:o, s:s, s:s, s:I, s:b, s:b}", "id",
            (json_int_t)order->component->id, "name", order->component->name, "power",
            float_to_json((float)order->power), "applied", float_to_json((float)applied), "unit", unit,
            "valid_until", utc_format(&order->until, until, sizeof(until)), "lifetime_s",
            (json_int_t)order->lifetime_s, "held", held, "journal_degraded", ctl->journal_degraded));
        return;
    }
    label_format(order->component->name, order->component->id, label, sizeof(label));
    describe(order, what, sizeof(what));
    describe_applied(applied, order, but, sizeof(but));
    if (held) {
        printf("%s: %s%s, held until Ctrl-C\n", label, what, but);
    } else {
        printf("%s: %s%s until %s (%s), then 0 %s%s\n", label, what, but,
            clock_format(&order->until, until, sizeof(until)),
            duration_format((int64_t)order->lifetime_s, lifetime, sizeof(lifetime)), unit,
            order->verb->limit ? THEN_OF_LIMIT : "");
    }
    fflush(stdout);
}

/* ---- --hold ---- */

/* Ctrl-C: who holds a battery at 5 kW wants it to stop. A limit is let go instead: 0 would stop the sun's
 * yield, too, where the site releases it. */
static int let_go(struct ctl *ctl, struct order *order)
{
    struct ugrpc_status st;
    char label[160], until[40];
    if (order->verb->limit) {
        if (!ctl->json) {
            printf("%s: no longer renewed, ends at %s, then 0 W%s\n",
                label_format(order->component->name, order->component->id, label, sizeof(label)),
                clock_format(&order->until, until, sizeof(until)), THEN_OF_LIMIT);
        }
        return CTL_DONE;
    }
    order->power = 0;
    order->lifetime_s = SHORTEST_S;
    if (send_order(ctl, order, &st) < 0) {
        return report_status(ctl, &st, NULL);
    }
    tell(ctl, order, false);
    return CTL_DONE;
}

static int hold(struct ctl *ctl, struct order *order)
{
    struct timespec pause = {.tv_sec = HOLD_RENEW_S};
    struct ugrpc_status st;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* they wait until the call that runs has its answer */
    order->lifetime_s = HOLD_LIFETIME_S;
    if (send_order(ctl, order, &st) < 0) {
        return advice_on_power(ctl, order->component, order->verb->metric, order->power, &st);
    }
    tell(ctl, order, true);
    while (sigtimedwait(&ends, NULL, &pause) < 0) {
        bool was_away = order->is_awaited;
        int rc = send_order(ctl, order, &st);
        order->is_awaited = rc == -UGRPC_UNAVAILABLE || rc == -UGRPC_DEADLINE_EXCEEDED;
        if (rc < 0 && !order->is_awaited) {
            return advice_on_power(ctl, order->component, order->verb->metric, order->power, &st);
        }
        if (order->is_awaited && !was_away) {
            report_status(ctl, &st, "trying again until Ctrl-C");
        } else if (was_away && !order->is_awaited) {
            tell(ctl, order, true);
        }
        pause.tv_sec = order->is_awaited ? 0 : HOLD_RENEW_S;
    }
    order->is_awaited = false;
    return let_go(ctl, order);
}

/* ---- the commands ---- */

static int parse_power(const struct ctl *ctl, const struct verb *verb, double *power)
{
    const char *text = ctl->arguments.operands[1], *name = ctl->arguments.command->name;
    struct ugrpc_status st;
    if (power_parse(text, unit_from_spelling(metric_unit(verb->metric)), power, &st) < 0) {
        return report_usage("\"%s\": %s", text, st.message);
    }
    if (verb->unsigned_power && *power < 0) {
        return report_usage("\"%s\": %s says the direction already; write %s", text, name, text + 1);
    }
    *power *= *power == 0 ? 0 : verb->factor;
    return 0;
}

static int parse_lifetime(const struct ctl *ctl, uint64_t *lifetime_s)
{
    const char *text = arguments_value(&ctl->arguments, OPTION_FOR);
    struct ugrpc_status st;
    double seconds;
    *lifetime_s = LIFETIME_S;
    if (!text) {
        return 0;
    }
    if (duration_parse(text, &seconds, &st) < 0) {
        return report_usage("--for \"%s\": %s", text, st.message);
    }
    if (seconds < SHORTEST_S || seconds > LONGEST_S) {
        return report_usage(
            "--for \"%s\": a set-point lasts 10s to 15m; --hold renews it until Ctrl-C", text);
    }
    if (seconds != round(seconds)) {
        return report_usage("--for \"%s\": whole seconds are due, like 30s, 2m or 15m", text);
    }
    *lifetime_s = (uint64_t)seconds;
    return 0;
}

/* "At most this" of what does what it is told would be another command than it says. */
static int check_limit(struct ctl *ctl, const struct order *order)
{
    const component_message *component = order->component;
    char type[48], power[48], label[160], next[1024], repeated[300], id[OPERAND_BYTES];
    if (!order->verb->limit || component_is_limited(component)) {
        return 0;
    }
    operand_format(fabs(order->power), UNIT_WATT, power, sizeof(power));
    const char *operand = component_operand(component, id), *shown = order->power ? power : "0";
    arguments_repeat(&ctl->arguments, repeated, sizeof(repeated));
    snprintf(next, sizeof(next),
        "limit it: microgridctl bounds add %s power %s%s.. --for 15m%s\n"
        "  so much:  microgridctl discharge %s %s%s",
        operand, order->power ? "-" : "", shown, repeated, operand, shown, repeated);
    return report_usage_next(next, "%s does what it is told, being a %s: a set-point is no limit to it",
        label_format(component->name, component->id, label, sizeof(label)),
        component_type_shown(component, type, sizeof(type)));
}

static int command(struct ctl *ctl, const struct verb *verb)
{
    struct directory directory = {.sensors = NULL};
    struct order order = {.verb = verb};
    int rc = parse_power(ctl, verb, &order.power);
    rc = rc ? rc : parse_lifetime(ctl, &order.lifetime_s);
    rc = rc ? rc : ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &directory, false);
    rc = rc ? rc : directory_component(&directory, ctl->arguments.operands[0], &order.component);
    rc = rc ? rc : check_limit(ctl, &order);
    if (rc == 0 && arguments_has(&ctl->arguments, OPTION_HOLD)) {
        rc = hold(ctl, &order);
    } else if (rc == 0) {
        struct ugrpc_status st;
        if (send_order(ctl, &order, &st) < 0) {
            rc = advice_on_power(ctl, order.component, verb->metric, order.power, &st);
        } else {
            tell(ctl, &order, false);
        }
    }
    directory_done(&directory);
    return rc;
}

int command_set_power(struct ctl *ctl)
{
    return command(ctl, &(const struct verb){METRIC(AC_ACTIVE_POWER), .factor = 1});
}

int command_set_reactive(struct ctl *ctl)
{
    return command(ctl, &(const struct verb){METRIC(AC_REACTIVE_POWER), .factor = 1});
}

int command_charge(struct ctl *ctl)
{
    return command(ctl, &(const struct verb){METRIC(AC_ACTIVE_POWER), .unsigned_power = true, .factor = 1});
}

int command_discharge(struct ctl *ctl)
{
    return command(ctl, &(const struct verb){METRIC(AC_ACTIVE_POWER), .unsigned_power = true, .factor = -1});
}

int command_curtail(struct ctl *ctl)
{
    return command(ctl,
        &(const struct verb){METRIC(AC_ACTIVE_POWER), .unsigned_power = true, .factor = -1, .limit = true});
}
