/* SPDX-License-Identifier: MIT */
/* Set-points: set-power, set-reactive, charge, discharge, curtail. They are one call with different words. */
#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "ctl/advice.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/sample.h"

#define LIFETIME_S      60 /* as the API's own */
#define HOLD_LIFETIME_S 15 /* what is left if this program is killed */
#define HOLD_RENEW_S    5
#define SHORTEST_S      10 /* a lifetime that the API allows */
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
};

static int send_active(struct ctl *ctl, struct order *order, struct ugrpc_status *st)
{
    struct ugrpc_reply_metadata metadata = {.n_trailing = 0};
    struct ugrpc_call_options options = {
        .timeout_ms = ctl_timeout_ms(ctl, false), .reply_metadata = &metadata};
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
    struct ugrpc_call_options options = {
        .timeout_ms = ctl_timeout_ms(ctl, false), .reply_metadata = &metadata};
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

static void tell(const struct ctl *ctl, const struct order *order, bool held)
{
    char what[100], label[160], until[40], lifetime[40];
    const char *unit = metric_unit(order->verb->metric);
    if (ctl->json) {
        json_print_line(
            json_pack("{s:I, s:s, s:o, s:s, s:s, s:I, s:b, s:b}", "id", (json_int_t)order->component->id,
                "name", order->component->name, "power", float_to_json((float)order->power), "unit", unit,
                "valid_until", utc_format(&order->until, until, sizeof(until)), "lifetime_s",
                (json_int_t)order->lifetime_s, "held", held, "journal_degraded", ctl->journal_degraded));
        return;
    }
    label_format(order->component->name, order->component->id, label, sizeof(label));
    describe(order, what, sizeof(what));
    if (held) {
        printf("%s: %s, held until Ctrl-C\n", label, what);
    } else {
        printf("%s: %s until %s (%s), then 0 %s\n", label, what,
            clock_format(&order->until, until, sizeof(until)),
            duration_format((int64_t)order->lifetime_s, lifetime, sizeof(lifetime)), unit);
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
            printf("%s: no longer renewed, ends at %s\n",
                label_format(order->component->name, order->component->id, label, sizeof(label)),
                clock_format(&order->until, until, sizeof(until)));
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
    const struct timespec pause = {.tv_sec = HOLD_RENEW_S};
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
    bool told = false;
    while (sigtimedwait(&ends, NULL, &pause) < 0) {
        int rc = send_order(ctl, order, &st);
        if (rc == -UGRPC_UNAVAILABLE || rc == -UGRPC_DEADLINE_EXCEEDED) {
            if (!told) {
                report_status(ctl, &st, "trying again until Ctrl-C");
            }
        } else if (rc < 0) {
            return advice_on_power(ctl, order->component, order->verb->metric, order->power, &st);
        }
        if (told && rc == 0) {
            tell(ctl, order, true);
        }
        told = rc < 0;
    }
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

static int command(struct ctl *ctl, const struct verb *verb)
{
    struct directory directory = {.sensors = NULL};
    struct order order = {.verb = verb};
    int rc = parse_power(ctl, verb, &order.power);
    rc = rc ? rc : parse_lifetime(ctl, &order.lifetime_s);
    rc = rc ? rc : ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &directory, false);
    rc = rc ? rc : directory_component(&directory, ctl->arguments.operands[0], &order.component);
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
