/* SPDX-License-Identifier: MIT */
#include "fake_site.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READY STATE_BIT(STATE_READY)

const struct caller fake_caller_a = {.owner = "key a", .label = "a"};
const struct caller fake_caller_b = {.owner = "key b", .label = "b"};

/* ---- the device ------------------------------------------------------------------------------------- */

static void record(struct device *device, enum fake_kind kind, struct component *component, enum axis axis,
    double power, status_fn *done, void *userdata)
{
    struct fake_device *fake = container_of(device, struct fake_device, base);
    assert(fake->n < ARRAY_LEN(fake->orders));
    fake->orders[fake->n++] = (struct fake_order){kind, component, axis, power, done, userdata};
}

static void set_power(struct device *device, struct component *component, enum axis axis, double power,
    status_fn *done, void *userdata)
{
    record(device, FAKE_POWER, component, axis, power, done, userdata);
}

static void release(
    struct device *device, struct component *component, enum axis axis, status_fn *done, void *userdata)
{
    record(device, FAKE_RELEASE, component, axis, 0, done, userdata);
}

static void start_component(
    struct device *device, struct component *component, status_fn *done, void *userdata)
{
    record(device, FAKE_START, component, AXIS_COUNT, 0, done, userdata);
}

static void standby(struct device *device, struct component *component, status_fn *done, void *userdata)
{
    record(device, FAKE_STANDBY, component, AXIS_COUNT, 0, done, userdata);
}

static void stop(struct device *device, struct component *component, status_fn *done, void *userdata)
{
    record(device, FAKE_STOP, component, AXIS_COUNT, 0, done, userdata);
}

static void ack(struct device *device, struct component *component, status_fn *done, void *userdata)
{
    record(device, FAKE_ACK, component, AXIS_COUNT, 0, done, userdata);
}

static void limit_batteries(struct device *device, struct component *hybrid, struct range dc_w)
{
    struct fake_device *fake = container_of(device, struct fake_device, base);
    fake->left = dc_w;
    fake->n_left++;
}

static const char *step(struct device *device, const struct component *component)
{
    return "closing AC relays";
}

static bool reverts_by_itself(const struct device *device)
{
    return container_of(device, struct fake_device, base)->reverts;
}

static void visit_memory(
    struct device *device, struct component *component, memory_visit_fn *visit, void *userdata)
{
    struct fake_memory *memory = &container_of(device, struct fake_device, base)->memory;
    struct memory_number numbers[] = {
        {"counted_wh", 0, 1e9, true, memory->counted_wh},
        {"soc_pct", 0, 100, false, memory->soc_pct},
    };
    for (size_t i = 0; i < ARRAY_LEN(numbers) && component->spec.id == 5; i++) {
        visit(&numbers[i], userdata);
    }
    *memory = (struct fake_memory){numbers[0].value, numbers[1].value};
}

static int start(struct device *device, struct ugrpc_status *st)
{
    return 0;
}

static void destroy(struct device *device)
{
}

static const struct driver fake_driver = {
    .name = "fake",
    .start = start,
    .set_power = set_power,
    .release = release,
    .limit_batteries = limit_batteries,
    .start_component = start_component,
    .standby = standby,
    .stop = stop,
    .ack = ack,
    .step = step,
    .reverts_by_itself = reverts_by_itself,
    .visit_memory = visit_memory,
    .destroy = destroy,
};

struct fake_order *fake_last(struct fake_site *fake, const struct component *component)
{
    for (size_t i = fake->device.n; i > 0; i--) {
        if (fake->device.orders[i - 1].component == component) {
            return &fake->device.orders[i - 1];
        }
    }
    assert(!"the device was told nothing");
    return NULL;
}

size_t fake_count(const struct fake_site *fake, const struct component *component, enum fake_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < fake->device.n; i++) {
        count += fake->device.orders[i].component == component && fake->device.orders[i].kind == kind;
    }
    return count;
}

size_t fake_unanswered(const struct fake_site *fake)
{
    size_t count = 0;
    for (size_t i = 0; i < fake->device.n; i++) {
        count += fake->device.orders[i].done != NULL;
    }
    return count;
}

void fake_finish(struct fake_order *order, enum ugrpc_code code)
{
    struct ugrpc_status st = {.code = code};
    status_fn *done = order->done;
    assert(done);
    if (code != UGRPC_OK) {
        status_set(&st, code, "the fake device says no");
    }
    order->done = NULL;
    done(&st, order->userdata);
}

void fake_finish_all(struct fake_site *fake)
{
    for (size_t i = 0; i < fake->device.n; i++) {
        if (fake->device.orders[i].done) {
            fake_finish(&fake->device.orders[i], UGRPC_OK);
        }
    }
    timers_run(&fake->timers);
}

/* ---- the site --------------------------------------------------------------------------------------- */

static void on_event(const struct event *event, void *userdata)
{
    struct fake_site *fake = userdata;
    fake->events[event->kind]++;
    fake->last_event = *event;
    snprintf(fake->event_text, sizeof(fake->event_text), "%s", event->text);
    snprintf(fake->texts[event->kind], sizeof(fake->texts[0]), "%s", event->text);
}

struct fake_site *fake_site_new_bare(void)
{
    struct fake_site *fake = calloc(1, sizeof(*fake));
    timers_init(&fake->timers, fake_clock_init(&fake->clock));
    fake->site = site_new(&(struct site_spec){.id = 1, .name = "fake"}, &fake->timers);
    fake->device.base = (struct device){.driver = &fake_driver, .site = fake->site, .name = "fake"};
    fake->device.memory.soc_pct = 50;
    site_observe(fake->site, (struct observer){.on_event = on_event, .userdata = fake});
    return fake;
}

struct component *fake_add(struct fake_site *fake, uint64_t id, const char *name, enum component_type type,
    double lower_w, double upper_w)
{
    struct component_spec spec = {.id = id, .name = name, .type = type};
    struct ugrpc_status st;
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        spec.rated[i] = (struct range){NAN, NAN};
    }
    if (type == COMPONENT_BATTERY) {
        spec.rated[BOUNDED_DC_POWER] = (struct range){lower_w, upper_w};
        spec.rated[BOUNDED_SOC] = (struct range){10, 90};
    } else {
        spec.rated[BOUNDED_ACTIVE] = (struct range){lower_w, upper_w};
    }
    struct component *component = site_add_component(fake->site, &spec, &st);
    if (!component) {
        fprintf(stderr, "fake_add: %s\n", st.message);
        abort();
    }
    component->device = &fake->device.base;
    return component;
}

void fake_connect(struct component *start, struct component *end)
{
    if (site_connect(start->site, start, end, NULL) < 0) {
        abort();
    }
}

static void report(struct component *component, struct component_state state, const struct reading *readings,
    size_t n_readings, const struct range *momentary)
{
    struct fake_clock *clock = container_of(component->site->timers->clock, struct fake_clock, base);
    clock->at_ns += NS_PER_MS; /* no sample is as old as another; timers notice with the next move */
    clock->utc_ns += NS_PER_MS;
    struct sample sample = {
        .time_utc_ns = clock->utc_ns,
        .readings = readings,
        .n_readings = n_readings,
        .state = state,
        .pv_w = component->pv_w,
    };
    memcpy(sample.momentary, momentary, sizeof(sample.momentary));
    device_report(component, &sample);
}

static void report_again(struct component *component, struct component_state state)
{
    struct telemetry *telemetry = &component->telemetry;
    struct reading readings[METRIC_COUNT];
    struct range momentary[BOUNDED_COUNT];
    size_t n = telemetry->n_readings;
    if (n) {
        memcpy(readings, telemetry->readings, n * sizeof(readings[0]));
    }
    memcpy(momentary, component->momentary, sizeof(momentary));
    report(component, state, readings, n, momentary);
}

void fake_report_state(struct component *component, uint32_t states)
{
    report_again(component, (struct component_state){.states = states});
}

void fake_report_error(struct component *component, enum error_code error, bool unrecoverable)
{
    report_again(component,
        (struct component_state){
            .states = STATE_BIT(STATE_ERROR), .errors = ERROR_BIT(error), .unrecoverable = unrecoverable});
}

void fake_report_reading(struct component *component, enum metric metric, double value)
{
    struct telemetry *telemetry = &component->telemetry;
    struct reading readings[METRIC_COUNT];
    struct range momentary[BOUNDED_COUNT];
    size_t n = 0;
    for (size_t i = 0; i < telemetry->n_readings; i++) {
        if (telemetry->readings[i].metric != metric) {
            readings[n++] = telemetry->readings[i];
        }
    }
    readings[n++] = (struct reading){metric, (float)value};
    memcpy(momentary, component->momentary, sizeof(momentary));
    report(component, telemetry->state, readings, n, momentary);
}

void fake_report_momentary(struct component *component, enum bounded bounded, double lower, double upper)
{
    struct range before = component->momentary[bounded];
    component->momentary[bounded] = (struct range){lower, upper};
    struct range momentary[BOUNDED_COUNT];
    memcpy(momentary, component->momentary, sizeof(momentary));
    component->momentary[bounded] = before;
    struct telemetry *telemetry = &component->telemetry;
    struct reading readings[METRIC_COUNT];
    size_t n = telemetry->n_readings;
    if (n) {
        memcpy(readings, telemetry->readings, n * sizeof(readings[0]));
    }
    report(component, telemetry->state, readings, n, momentary);
}

void fake_report_pv(struct component *hybrid, double power_w)
{
    hybrid->pv_w = power_w;
    report_again(hybrid, hybrid->telemetry.state);
}

struct fake_site *fake_site_new(void)
{
    struct fake_site *fake = fake_site_new_bare();
    fake->grid = fake_add(fake, 1, "grid", COMPONENT_GRID, NAN, NAN);
    fake->meter = fake_add(fake, 2, "meter", COMPONENT_METER, NAN, NAN);
    fake->bat_inv = fake_add(fake, 4, "bat_inv", COMPONENT_BATTERY_INVERTER, -10000, 10000);
    fake->battery = fake_add(fake, 5, "battery", COMPONENT_BATTERY, -20000, 20000);
    fake->pv_inv = fake_add(fake, 9, "pv_inv", COMPONENT_PV_INVERTER, -15000, 0);
    fake->ev_charger = fake_add(fake, 10, "ev_charger", COMPONENT_EV_CHARGER, 0, 11000);
    fake->relay = fake_add(fake, 14, "relay", COMPONENT_RELAY, NAN, NAN);
    fake->relay_inv = fake_add(fake, 16, "relay_inv", COMPONENT_BATTERY_INVERTER, -10000, 10000);
    fake->battery_2 = fake_add(fake, 17, "battery_2", COMPONENT_BATTERY, -20000, 20000);
    fake_connect(fake->grid, fake->meter);
    fake_connect(fake->meter, fake->bat_inv);
    fake_connect(fake->bat_inv, fake->battery);
    fake_connect(fake->meter, fake->pv_inv);
    fake_connect(fake->meter, fake->ev_charger);
    fake_connect(fake->meter, fake->relay);
    fake_connect(fake->relay, fake->relay_inv);
    fake_connect(fake->relay_inv, fake->battery_2);
    for (size_t i = 0; i < fake->site->n_components; i++) {
        fake_report_state(fake->site->components[i], READY);
    }
    fake_report_state(fake->relay, READY | STATE_BIT(STATE_RELAY_CLOSED));
    struct component *batteries[] = {fake->battery, fake->battery_2};
    for (size_t i = 0; i < ARRAY_LEN(batteries); i++) {
        fake_report_state(batteries[i], READY | STATE_BIT(STATE_RELAY_CLOSED));
        fake_report_reading(batteries[i], METRIC_BATTERY_SOC_PCT, 50);
        fake_report_reading(batteries[i], METRIC_DC_POWER, 0);
    }
    return fake;
}

void fake_site_free(struct fake_site *fake)
{
    site_free(fake->site);
    timers_done(&fake->timers);
    free(fake);
}

void fake_silence_ms(struct fake_site *fake, int64_t ms)
{
    timers_run_until(&fake->timers, &fake->clock, fake->clock.at_ns + ms * NS_PER_MS);
}

void fake_pass_ms(struct fake_site *fake, int64_t ms)
{
    int64_t until_ns = fake->clock.at_ns + ms * NS_PER_MS;
    while (fake->clock.at_ns < until_ns) {
        int64_t left_ns = until_ns - fake->clock.at_ns;
        fake_silence_ms(fake, (left_ns < NS_PER_S ? left_ns : NS_PER_S) / NS_PER_MS);
        for (size_t i = 0; i < fake->site->n_components && fake->clock.at_ns < until_ns; i++) {
            struct component *component = fake->site->components[i];
            if (telemetry_fresh(&component->telemetry)) {
                report_again(component, component->telemetry.state);
            }
        }
    }
}

/* ---- requests --------------------------------------------------------------------------------------- */

void fake_on_command(const struct ugrpc_status *st, int64_t until_utc_ns, void *userdata)
{
    struct fake_answer *answer = userdata;
    answer->n++;
    answer->st = *st;
    answer->until_utc_ns = until_utc_ns;
}

void fake_on_status(const struct ugrpc_status *st, void *userdata)
{
    fake_on_command(st, 0, userdata);
}

static int set(
    struct component *component, enum axis axis, double power, int64_t lifetime_s, struct fake_answer *answer)
{
    *answer = (struct fake_answer){0};
    int rc = command_set_power(
        component, axis, &fake_caller_a, power, lifetime_s, fake_on_command, answer, &answer->st);
    assert(answer->n == 0); /* never before the function returned */
    return rc;
}

int fake_set(struct component *component, double power_w, int64_t lifetime_s, struct fake_answer *answer)
{
    return set(component, AXIS_ACTIVE, power_w, lifetime_s, answer);
}

int fake_set_reactive(
    struct component *component, double power_var, int64_t lifetime_s, struct fake_answer *answer)
{
    return set(component, AXIS_REACTIVE, power_var, lifetime_s, answer);
}

int fake_bound(struct component *component, enum metric metric, double lower, double upper, int64_t s)
{
    struct range range = {lower, upper};
    int64_t until_utc_ns;
    return fake_add_bounds(component, metric, &fake_caller_a, NULL, &range, 1, s, &until_utc_ns, NULL);
}

int fake_add_bounds(struct component *component, enum metric metric, const struct caller *caller,
    const char *token, const struct range *ranges, size_t n, int64_t s, int64_t *until_utc_ns,
    struct ugrpc_status *st)
{
    const struct bounds_request request = {
        .metric = metric, .ranges = ranges, .n = n, .lifetime_ns = s * NS_PER_S, .token = token};
    return bounds_add(component, caller, &request, until_utc_ns, st);
}

int fake_run(struct component *component, enum lifecycle_action action, struct fake_answer *answer)
{
    *answer = (struct fake_answer){0};
    int rc = lifecycle_run(component, action, &fake_caller_a, fake_on_status, answer, &answer->st);
    assert(answer->n == 0);
    return rc;
}
