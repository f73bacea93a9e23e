/* SPDX-License-Identifier: MIT */
/* The hub. Freshness costs one timer a component, which is not restarted with each sample: when it fires, it
 * looks how old the last sample is and sleeps for what is left. While a component is offline and someone
 * listens, the same timer brings the once-a-second news. */
#include "model/telemetry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/driver.h"
#include "model/parts.h"
#include "model/site.h"
#include "model/tell.h"

#define OFFLINE_NEWS_NS NS_PER_S

/* Tells all subscribers. Any of them may unsubscribe itself or others meanwhile. */
static void spread_news(struct telemetry *telemetry)
{
    for (struct subscription *each = telemetry->subscribers; each; each = telemetry->next_told) {
        telemetry->next_told = each->next;
        each->on_news(each, each->userdata);
    }
    telemetry->next_told = NULL;
}

void telemetry_subscribe(struct telemetry *telemetry, struct subscription *subscription)
{
    telemetry_unsubscribe(subscription);
    subscription->telemetry = telemetry;
    subscription->next = telemetry->subscribers;
    subscription->link = &telemetry->subscribers;
    if (subscription->next) {
        subscription->next->link = &subscription->next;
    }
    telemetry->subscribers = subscription;
    if (telemetry->offline && !timer_running(&telemetry->freshness)) {
        timer_start_in(telemetry->site->timers, &telemetry->freshness, OFFLINE_NEWS_NS);
    }
}

void telemetry_unsubscribe(struct subscription *subscription)
{
    struct telemetry *telemetry = subscription->telemetry;
    if (!telemetry) {
        return;
    }
    if (telemetry->next_told == subscription) {
        telemetry->next_told = subscription->next;
    }
    *subscription->link = subscription->next;
    if (subscription->next) {
        subscription->next->link = subscription->link;
    }
    subscription->telemetry = NULL;
    subscription->next = NULL;
    subscription->link = NULL;
}

struct component_state telemetry_state(const struct telemetry *telemetry)
{
    if (telemetry->offline) {
        return (struct component_state){
            .states = STATE_BIT(STATE_UNAVAILABLE) | STATE_BIT(STATE_ERROR),
            .errors = ERROR_BIT(ERROR_HARDWARE_INACCESSIBLE),
        };
    }
    if (telemetry->sequence == 0) {
        return (struct component_state){.states = STATE_BIT(STATE_UNKNOWN)};
    }
    return telemetry->state;
}

bool telemetry_fresh(const struct telemetry *telemetry)
{
    return telemetry->sequence > 0 && !telemetry->offline;
}

int telemetry_check_online(const struct component *component, struct ugrpc_status *st)
{
    const struct telemetry *telemetry = &component->telemetry;
    if (telemetry_fresh(telemetry)) {
        return 0;
    }
    if (telemetry->sequence == 0) {
        return status_set(st, UGRPC_UNAVAILABLE, "%s: its device has not answered yet; a retry may help",
            component_label(component));
    }
    int64_t age_ns = clock_now_ns(telemetry->site->timers->clock) - telemetry->sampled_at_ns;
    return status_set(st, UGRPC_UNAVAILABLE,
        "%s: its device is offline, the last sample is %.1f s old; a retry may help",
        component_label(component), (double)age_ns / NS_PER_S);
}

const char *errors_format(uint64_t errors, char *out, size_t cap)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < ERROR_COUNT && used < cap; i++) {
        if (errors & ERROR_BIT(i)) {
            used += (size_t)snprintf(
                out + used, cap - used, "%s%s", used ? ", " : "", error_name((enum error_code)i));
        }
    }
    return out;
}

int telemetry_check_no_error(const struct component *component, const char *what, struct ugrpc_status *st)
{
    const struct component_state *state = &component->telemetry.state;
    char errors[128];
    if (!state_has(state, STATE_ERROR)) {
        return 0;
    }
    return status_set(st, UGRPC_FAILED_PRECONDITION, "%s: %s is refused while its error stands (%s); %s",
        component_label(component), what, errors_format(state->errors, errors, sizeof(errors)),
        state->unrecoverable ? "it is unrecoverable, an acknowledgement does not help"
                             : "acknowledge the error first");
}

/* ---- freshness -------------------------------------------------------------------------------------- */

/* Handles the timer; true if the thing has gone offline just now. */
static bool freshness_is_lost(struct telemetry *telemetry)
{
    struct timers *timers = telemetry->site->timers;
    int64_t due_ns = telemetry->sampled_at_ns + telemetry->max_age_ns;
    if (!telemetry->offline && clock_now_ns(timers->clock) < due_ns) {
        timer_start_at(timers, &telemetry->freshness, due_ns);
        return false;
    }
    bool just_now = !telemetry->offline;
    telemetry->offline = true;
    if (telemetry->subscribers) {
        timer_start_in(timers, &telemetry->freshness, OFFLINE_NEWS_NS);
    }
    return just_now;
}

static void component_freshness(struct timer *timer, void *userdata)
{
    struct component *component = userdata;
    if (!component->device) {
        return; /* nothing behind it that could go offline */
    }
    if (freshness_is_lost(&component->telemetry)) {
        tell_component(component, EVENT_OFFLINE, "offline: no sample for %g s",
            (double)component->telemetry.max_age_ns / NS_PER_S);
    }
    if (component->telemetry.offline) {
        spread_news(&component->telemetry);
    }
}

static void sensor_freshness(struct timer *timer, void *userdata)
{
    struct sensor *sensor = userdata;
    if (!sensor->device) {
        return;
    }
    if (freshness_is_lost(&sensor->telemetry)) {
        tell_sensor(sensor, EVENT_OFFLINE, "offline: no sample for %g s",
            (double)sensor->telemetry.max_age_ns / NS_PER_S);
    }
    if (sensor->telemetry.offline) {
        spread_news(&sensor->telemetry);
    }
}

static void begin(struct telemetry *telemetry, struct site *site, int64_t max_age_ns)
{
    telemetry->site = site;
    telemetry->max_age_ns = max_age_ns;
    telemetry->state.states = STATE_BIT(STATE_UNKNOWN);
    telemetry->sampled_at_ns = clock_now_ns(site->timers->clock); /* what never answers is offline, too */
    timer_start_in(site->timers, &telemetry->freshness, max_age_ns);
}

void telemetry_begin_component(struct component *component)
{
    timer_init(&component->telemetry.freshness, component_freshness, component);
    begin(&component->telemetry, component->site, component->spec.max_age_ns);
}

void telemetry_begin_sensor(struct site *site, struct sensor *sensor)
{
    timer_init(&sensor->telemetry.freshness, sensor_freshness, sensor);
    begin(&sensor->telemetry, site, sensor->spec.max_age_ns);
}

void telemetry_done_with(struct telemetry *telemetry)
{
    while (telemetry->subscribers) {
        telemetry_unsubscribe(telemetry->subscribers);
    }
    if (telemetry->site) {
        timer_stop(telemetry->site->timers, &telemetry->freshness);
    }
    free(telemetry->readings);
    telemetry->readings = NULL;
}

/* ---- samples ---------------------------------------------------------------------------------------- */

static void take_readings(struct telemetry *telemetry, const struct sample *sample)
{
    if (telemetry->cap_readings < sample->n_readings) {
        struct reading *grown = realloc(
            telemetry->readings, sample->n_readings * sizeof(*telemetry->readings));
        if (!grown) {
            abort();
        }
        telemetry->readings = grown;
        telemetry->cap_readings = sample->n_readings;
    }
    bool seen[METRIC_COUNT] = {false};
    telemetry->n_readings = 0;
    for (size_t i = 0; i < sample->n_readings; i++) {
        const struct reading *reading = &sample->readings[i];
        if (isfinite(reading->value) && reading->metric > METRIC_NONE && reading->metric < METRIC_COUNT &&
            !seen[reading->metric]) {
            seen[reading->metric] = true;
            telemetry->readings[telemetry->n_readings++] = *reading;
        }
    }
}

/* Takes the sample in, unless it is the last one again. Which is newer, the order of arrival says: a wall
 * clock that was set back makes nothing old. */
static bool take_sample(struct telemetry *telemetry, const struct sample *sample)
{
    struct timers *timers = telemetry->site->timers;
    if (telemetry->sequence > 0 && sample->time_utc_ns == telemetry->sampled_utc_ns) {
        return false;
    }
    take_readings(telemetry, sample);
    telemetry->state = sample->state;
    if (!state_has(&sample->state, STATE_ERROR)) {
        telemetry->state.errors = 0;
        telemetry->state.unrecoverable = false;
    } else if (sample->state.errors == 0) {
        telemetry->state.errors = ERROR_BIT(ERROR_UNKNOWN); /* present if and only if the state has ERROR */
    }
    telemetry->sampled_utc_ns = sample->time_utc_ns;
    telemetry->sampled_at_ns = clock_now_ns(timers->clock);
    telemetry->sequence++;
    if (telemetry->offline || !timer_running(&telemetry->freshness)) {
        timer_start_in(timers, &telemetry->freshness, telemetry->max_age_ns);
    }
    telemetry->offline = false;
    return true;
}

void device_report(struct component *component, const struct sample *sample)
{
    struct telemetry *telemetry = &component->telemetry;
    const struct component_state before = telemetry->state;
    bool was_offline = telemetry->offline, was_open = graph_is_open(component);
    char errors[128];
    if (!take_sample(telemetry, sample)) {
        return;
    }
    memcpy(component->momentary, sample->momentary, sizeof(component->momentary));
    component->pv_w = sample->pv_w > 0 ? sample->pv_w : 0; /* nor NaN */
    if (was_offline) {
        tell_component(component, EVENT_ONLINE, "online again");
    }
    uint64_t raised = telemetry->state.errors & ~before.errors;
    uint64_t cleared = before.errors & ~telemetry->state.errors;
    if (raised) {
        tell_component(component, EVENT_ERROR_RAISED, "error: %s%s",
            errors_format(raised, errors, sizeof(errors)),
            telemetry->state.unrecoverable ? " (unrecoverable)" : "");
    }
    if (cleared) {
        tell_component(component, EVENT_ERROR_CLEARED, "error cleared: %s",
            errors_format(cleared, errors, sizeof(errors)));
    }
    if (graph_is_open(component) != was_open) {
        bounds_switched(component);
    }
    bounds_refresh(component);
    command_follow_state(component, &before, was_offline);
    spread_news(telemetry);
}

void sensor_report(struct sensor *sensor, const struct sample *sample)
{
    struct telemetry *telemetry = &sensor->telemetry;
    uint64_t before = telemetry->state.errors;
    bool was_offline = telemetry->offline;
    char errors[128];
    if (!take_sample(telemetry, sample)) {
        return;
    }
    if (was_offline) {
        tell_sensor(sensor, EVENT_ONLINE, "online again");
    }
    if (telemetry->state.errors & ~before) {
        tell_sensor(sensor, EVENT_ERROR_RAISED, "error: %s",
            errors_format(telemetry->state.errors & ~before, errors, sizeof(errors)));
    } else if (before & ~telemetry->state.errors) {
        tell_sensor(sensor, EVENT_ERROR_CLEARED, "error cleared: %s",
            errors_format(before & ~telemetry->state.errors, errors, sizeof(errors)));
    }
    spread_news(telemetry);
}
