/* SPDX-License-Identifier: MIT */
/* Start, standby, stop and acknowledge. The driver carries out the sequences; here stand the checks before
 * them and who is told how they ended. A run lives until the driver's done() has come, also when it was
 * replaced or took too long and everyone who waited has been answered before. */
#include "model/lifecycle.h"

#include <math.h>
#include <stdlib.h>

#include "model/driver.h"
#include "model/later.h"
#include "model/parts.h"
#include "model/site.h"
#include "model/tell.h"
#include "model/waiters.h"

#define POWER_0_LEAST_W 20.0  /* "power is 0" for a battery's relays: the API's contract */
#define POWER_0_PART    0.005 /* of rated */

struct run {
    struct run *next; /* of all runs of the component */
    struct component *component;
    enum lifecycle_action action;
    struct waiters waiters;
    struct timer limit;
    bool over; /* replaced or timed out: only the driver's done(), or the journal's, is still to come */
};

struct lifecycle {
    struct run *all;
    size_t n;             /* of all */
    struct run *sequence; /* start, standby or stop */
    struct run *ack;
};

const char *lifecycle_name(enum lifecycle_action action)
{
    switch (action) {
    case LIFECYCLE_START:
        return "start";
    case LIFECYCLE_STANDBY:
        return "standby";
    case LIFECYCLE_STOP:
        return "stop";
    case LIFECYCLE_ACK:
        return "acknowledgement";
    }
    return "";
}

enum journal_verb lifecycle_verb(enum lifecycle_action action)
{
    static const enum journal_verb verbs[] = {
        [LIFECYCLE_START] = JOURNAL_START,
        [LIFECYCLE_STANDBY] = JOURNAL_STANDBY,
        [LIFECYCLE_STOP] = JOURNAL_STOP,
        [LIFECYCLE_ACK] = JOURNAL_ACK,
    };
    return verbs[action];
}

bool lifecycle_accepts(const struct component *component, enum lifecycle_action action)
{
    bool relays = component->spec.type == COMPONENT_BATTERY || component->spec.type == COMPONENT_RELAY ||
                  component->spec.type == COMPONENT_PRECHARGER;
    switch (action) {
    case LIFECYCLE_START:
    case LIFECYCLE_STOP:
        return component_is_inverter(component) || relays;
    case LIFECYCLE_STANDBY:
        return component_is_inverter(component);
    case LIFECYCLE_ACK:
        return true;
    }
    return false;
}

void lifecycle_begin(struct component *component)
{
    component->lifecycle = calloc(1, sizeof(*component->lifecycle));
    if (!component->lifecycle) {
        abort();
    }
}

static void run_free(struct run *run)
{
    waiters_done(&run->waiters);
    free(run);
}

void lifecycle_done_with(struct component *component)
{
    struct lifecycle *lifecycle = component->lifecycle;
    if (!lifecycle) {
        return;
    }
    while (lifecycle->all) {
        struct run *run = lifecycle->all;
        lifecycle->all = run->next;
        timer_stop(component->site->timers, &run->limit);
        run_free(run);
    }
    free(lifecycle);
    component->lifecycle = NULL;
}

int lifecycle_running(const struct component *component)
{
    const struct run *sequence = component->lifecycle->sequence;
    return sequence ? (int)sequence->action : -1;
}

bool lifecycle_busy(const struct component *component)
{
    return component->lifecycle->sequence || component->lifecycle->ack;
}

/* ---- runs ------------------------------------------------------------------------------------------- */

typedef void sequence_fn(struct device *device, struct component *component, status_fn *done, void *userdata);

static sequence_fn *sequence_of(const struct component *component, enum lifecycle_action action)
{
    const struct driver *driver = component->device ? component->device->driver : NULL;
    if (!driver) {
        return NULL;
    }
    switch (action) {
    case LIFECYCLE_START:
        return driver->start_component;
    case LIFECYCLE_STANDBY:
        return driver->standby;
    case LIFECYCLE_STOP:
        return driver->stop;
    case LIFECYCLE_ACK:
        return driver->ack;
    }
    return NULL;
}

/* The run no longer counts: its place is free for another. */
static void leave_place(struct run *run)
{
    struct lifecycle *lifecycle = run->component->lifecycle;
    timer_stop(run->component->site->timers, &run->limit);
    run->over = true;
    if (lifecycle->sequence == run) {
        lifecycle->sequence = NULL;
    }
    if (lifecycle->ack == run) {
        lifecycle->ack = NULL;
    }
}

/* From a turn of the loop that is not the caller's of lifecycle_run(). */
static void answer(struct run *run, const struct ugrpc_status *st)
{
    later_answer(run->component->site->later, &run->waiters, st);
}

static void conclude(struct run *run, const struct ugrpc_status *st)
{
    struct component *component = run->component;
    leave_place(run);
    if (st->code == UGRPC_OK) {
        tell_component(component, EVENT_LIFECYCLE, "%s done", lifecycle_name(run->action));
    } else {
        tell_component(component, EVENT_LIFECYCLE, "%s failed: %s", lifecycle_name(run->action), st->message);
    }
    bool asked_for = run->waiters.n > 0; /* no wake for a set-point */
    if (st->code == UGRPC_OK && asked_for &&
        (run->action == LIFECYCLE_START || run->action == LIFECYCLE_ACK)) {
        command_resume(component);
    }
    if (run->action == LIFECYCLE_START) {
        command_started(component, st->code == UGRPC_OK ? NULL : st->message);
    }
    answer(run, st);
}

static void take_out(struct run *run)
{
    struct run **link = &run->component->lifecycle->all;
    while (*link != run) {
        link = &(*link)->next;
    }
    *link = run->next;
    run->component->lifecycle->n--;
}

static void on_done(const struct ugrpc_status *st, void *userdata)
{
    struct run *run = userdata;
    take_out(run);
    if (!run->over) {
        conclude(run, st);
    }
    run_free(run);
}

static void on_limit(struct timer *timer, void *userdata)
{
    struct run *run = userdata;
    struct device *device = run->component->device;
    const char *step = device->driver->step ? device->driver->step(device, run->component) : NULL;
    struct ugrpc_status st;
    status_set(&st, UGRPC_UNAVAILABLE, "%s: %s has not ended after %d s, it is at: %s",
        component_label(run->component), lifecycle_name(run->action), LIFECYCLE_LIMIT_S,
        step && *step ? step : "a step that its device does not name");
    conclude(run, &st);
}

static struct run *run_begin(struct component *component, enum lifecycle_action action)
{
    struct lifecycle *lifecycle = component->lifecycle;
    struct run *run = calloc(1, sizeof(*run));
    if (!run) {
        abort();
    }
    *run = (struct run){.next = lifecycle->all, .component = component, .action = action};
    lifecycle->all = run;
    lifecycle->n++;
    if (action == LIFECYCLE_ACK) {
        lifecycle->ack = run;
    } else {
        lifecycle->sequence = run;
    }
    timer_init(&run->limit, on_limit, run);
    timer_start_in(component->site->timers, &run->limit, LIFECYCLE_LIMIT_S * NS_PER_S);
    return run;
}

static void replace(struct run *run, enum lifecycle_action by)
{
    struct ugrpc_status st;
    status_set(&st, UGRPC_ABORTED, "%s: %s was replaced by %s", component_label(run->component),
        lifecycle_name(run->action), lifecycle_name(by));
    tell_component(run->component, EVENT_LIFECYCLE, "%s replaced by %s", lifecycle_name(run->action),
        lifecycle_name(by));
    leave_place(run);
    answer(run, &st);
}

static uint64_t write_command(
    const struct component *component, enum lifecycle_action action, const struct caller *caller)
{
    return journal_write_command(component->site, &(struct journal_command){
                                                      .verb = lifecycle_verb(action),
                                                      .component_id = component->spec.id,
                                                      .component = component->spec.name,
                                                      .caller = caller,
                                                      .value = NAN,
                                                      .detail = "",
                                                  });
}

static int join(
    struct run *run, const struct caller *caller, status_fn *done, void *userdata, struct ugrpc_status *st)
{
    int rc = waiters_check_room(&run->waiters, component_label(run->component), st);
    if (rc == 0) {
        waiters_add_status(&run->waiters, done, userdata, write_command(run->component, run->action, caller));
    }
    return rc;
}

static void launch(struct run *run)
{
    struct component *component = run->component;
    sequence_of(component, run->action)(component->device, component, on_done, run);
}

/* The journal has it; meanwhile it may have been replaced. */
static void on_kept(void *userdata)
{
    struct run *run = userdata;
    if (run->over) {
        take_out(run);
        run_free(run);
    } else {
        launch(run);
    }
}

/* ---- checks ----------------------------------------------------------------------------------------- */

static int check_battery_idle(const struct component *battery, struct ugrpc_status *st)
{
    struct range rated = battery->spec.rated[BOUNDED_DC_POWER];
    double rated_w = fmax(fabs(rated.lower), fabs(rated.upper));
    double limit_w = fmax(POWER_0_LEAST_W, POWER_0_PART * rated_w); /* fmax() passes over NAN */
    double power_w = component_reading(battery, METRIC_DC_POWER);
    if (graph_is_open(battery)) {
        return 0; /* already done */
    }
    if (!(fabs(power_w) <= limit_w)) {
        char number[32];
        return status_set(st, UGRPC_FAILED_PRECONDITION,
            "%s: its relays open only without power, but its DC power is %s W (at most %.0f W); set its "
            "inverter to 0 W first",
            component_label(battery),
            isnan(power_w) ? "unknown" : number_format(round(power_w), number, sizeof(number)), limit_w);
    }
    struct component *const *inverters;
    size_t n = graph_list_inverters(battery, &inverters);
    for (size_t i = 0; i < n; i++) {
        const struct setpoint *active = &inverters[i]->setpoints[AXIS_ACTIVE];
        if (active->mode == SETPOINT_ACTIVE && active->requested != 0) {
            return status_set(st, UGRPC_FAILED_PRECONDITION,
                "%s: its relays open only without power, but %s has a set-point of %g W; set it to 0 W first",
                component_label(battery), component_label(inverters[i]), active->requested);
        }
    }
    return 0;
}

static int check_standby(const struct component *inverter, struct ugrpc_status *st)
{
    const struct component_state *state = &inverter->telemetry.state;
    if (state_has(state, STATE_OFF)) {
        return status_set(st, UGRPC_FAILED_PRECONDITION,
            "%s: it is off, its relays are open; start it before it can go to standby",
            component_label(inverter));
    }
    if (state_has(state, STATE_RELAY_OPEN) && !state_has(state, STATE_STANDBY)) {
        return status_set(st, UGRPC_FAILED_PRECONDITION, "%s: its relays are open, standby needs them closed",
            component_label(inverter));
    }
    return 0;
}

/* A replaced run stays until its device has answered, which it owes at once. */
int lifecycle_check_room(const struct component *component, struct ugrpc_status *st)
{
    size_t n = component->lifecycle->n;
    if (n < LIFECYCLE_MAX_RUNS) {
        return 0;
    }
    return status_set(st, UGRPC_RESOURCE_EXHAUSTED,
        "%s: its device %s owes the answers to %zu sequences, at most %d may be open",
        component_label(component), component->device->name, n, LIFECYCLE_MAX_RUNS);
}

static int check_sequence(
    const struct component *component, enum lifecycle_action action, struct ugrpc_status *st)
{
    bool accepts = lifecycle_accepts(component, action);
    if (!accepts || !sequence_of(component, action)) {
        return status_set(st, UGRPC_UNIMPLEMENTED, "%s: %s%s takes no %s", component_label(component),
            accepts ? "its device" : "type ", accepts ? "" : component_type_name(component->spec.type),
            lifecycle_name(action));
    }
    int rc = telemetry_check_online(component, st);
    if (rc < 0) {
        return rc;
    }
    rc = telemetry_check_no_error(component, lifecycle_name(action), st);
    if (rc < 0) {
        return rc;
    }
    if (action == LIFECYCLE_STANDBY) {
        return check_standby(component, st);
    }
    if (action == LIFECYCLE_STOP && component->spec.type == COMPONENT_BATTERY) {
        return check_battery_idle(component, st);
    }
    return 0;
}

/* *needed: there is an error that the driver must clear. */
static int check_ack(const struct component *component, bool *needed, struct ugrpc_status *st)
{
    const struct component_state *state = &component->telemetry.state;
    char errors[128];
    *needed = false;
    if (!component->device) {
        return 0; /* nothing there that could fail */
    }
    int rc = telemetry_check_online(component, st);
    if (rc < 0) {
        return rc;
    }
    if (!state_has(state, STATE_ERROR)) {
        return 0;
    }
    if (state->errors & ERROR_BIT(ERROR_HARDWARE_INACCESSIBLE)) {
        return status_set(st, UGRPC_UNAVAILABLE,
            "%s: %s cannot be acknowledged; it ends when its device answers", component_label(component),
            error_name(ERROR_HARDWARE_INACCESSIBLE));
    }
    if (state->unrecoverable) {
        return status_set(st, UGRPC_FAILED_PRECONDITION, "%s: %s is unrecoverable and cannot be acknowledged",
            component_label(component), errors_format(state->errors, errors, sizeof(errors)));
    }
    if (!sequence_of(component, LIFECYCLE_ACK)) {
        return status_set(
            st, UGRPC_UNIMPLEMENTED, "%s: its device takes no acknowledgement", component_label(component));
    }
    *needed = true;
    return 0;
}

/* ---- actions ---------------------------------------------------------------------------------------- */

int lifecycle_run(struct component *component, enum lifecycle_action action, const struct caller *caller,
    status_fn *done, void *userdata, struct ugrpc_status *st)
{
    bool is_ack = action == LIFECYCLE_ACK, needed = true;
    int rc = is_ack ? check_ack(component, &needed, st) : check_sequence(component, action, st);
    if (rc < 0) {
        return rc;
    }
    if (!needed) {
        struct waiters at_once = {0};
        waiters_add_status(&at_once, done, userdata, write_command(component, action, caller));
        later_answer(component->site->later, &at_once, NULL);
        return 0;
    }
    struct run *run = is_ack ? component->lifecycle->ack : component->lifecycle->sequence;
    if (run && run->action == action) {
        return join(run, caller, done, userdata, st);
    }
    rc = lifecycle_check_room(component, st);
    if (rc < 0) {
        return rc;
    }
    if (run) {
        replace(run, action);
    }
    run = run_begin(component, action);
    waiters_add_status(&run->waiters, done, userdata, write_command(component, action, caller));
    tell_component(component, EVENT_LIFECYCLE, "%s begins, from %s", lifecycle_name(action), caller->label);
    if (!is_ack) {
        command_drop(component, lifecycle_name(action));
    }
    if (!journal_sync(component->site, on_kept, run)) {
        launch(run);
    }
    return 0;
}

void lifecycle_wake(struct component *component)
{
    const struct component_state *state = &component->telemetry.state;
    if (component->lifecycle->sequence || !state_has(state, STATE_STANDBY)) {
        return; /* on its way */
    }
    struct run *run = run_begin(component, LIFECYCLE_START);
    tell_component(component, EVENT_LIFECYCLE, "wakes from standby for its set-point");
    component->device->driver->start_component(component->device, component, on_done, run);
}
