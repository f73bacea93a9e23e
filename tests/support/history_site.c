/* SPDX-License-Identifier: MIT */
/* The site of a history, and what its devices measure. */
#include "history_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static struct component *add_part(
    struct history *h, enum ref_which which, enum component_type type, struct component *under)
{
    const struct ref_part *part = &h->ref.parts[which];
    struct component_spec spec = {.id = (uint64_t)which + 4,
        .name = history_names[which],
        .type = type,
        .resolution = part->resolution};
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        bool rated = part->takes[i] && isfinite(part->rated[i].lower);
        spec.rated[i] = rated ? (struct range){part->rated[i].lower, part->rated[i].upper}
                              : (struct range){NAN, NAN};
    }
    spec.on_expiry = part->releases ? ON_EXPIRY_RELEASE : ON_EXPIRY_ZERO;
    spec.max_age_ns = REF_MAX_AGE_S * NS_PER_S;
    spec.interval_ns = NS_PER_S;
    struct component *component = site_add_component(h->fake->site, &spec, NULL);
    assert_non_null(component);
    component->device = &h->fake->device.base;
    fake_connect(under, component);
    return component;
}

void history_build(struct history *h, int64_t at_ns, int64_t utc_ns)
{
    struct fake_site *fake = h->fake = fake_site_new_bare();
    fake->clock.at_ns = at_ns;
    fake->clock.utc_ns = utc_ns;
    fake->grid = fake_add(fake, 1, "grid", COMPONENT_GRID, NAN, NAN);
    fake->meter = fake_add(fake, 2, "meter", COMPONENT_METER, NAN, NAN);
    fake_connect(fake->grid, fake->meter);
    h->parts[REF_INVERTER] = add_part(h, REF_INVERTER, COMPONENT_BATTERY_INVERTER, fake->meter);
    h->parts[REF_BATTERY] = add_part(h, REF_BATTERY, COMPONENT_BATTERY, h->parts[REF_INVERTER]);
    h->parts[REF_PV] = add_part(h, REF_PV, COMPONENT_PV_INVERTER, fake->meter);
    h->parts[REF_EV] = add_part(h, REF_EV, COMPONENT_EV_CHARGER, fake->meter);
    h->seen = 0;
    memset(h->sequences, 0, sizeof(h->sequences));
    memset(h->silent, 0, sizeof(h->silent));
}

/* What the reference has to know of it. */
void history_describe(struct history *h)
{
    static const double steps[] = {0, 1, 88, 250, 0.1};
    static const struct ref_range active[REF_PARTS] = {{-10000, 10000}, {0, 0}, {-15000, 0}, {0, 11000}};
    for (int i = 0; i < REF_PARTS; i++) {
        struct ref_part *part = &h->ref.parts[i];
        part->takes[REF_ACTIVE] = i != REF_BATTERY;
        part->takes[REF_REACTIVE] = i == REF_INVERTER || i == REF_PV;
        part->takes[REF_DC] = part->takes[REF_SOC] = i == REF_BATTERY;
        for (int j = 0; j < REF_METRICS; j++) {
            part->rated[j] = part->momentary[j] = h->momentary[i][j] = REF_ALL;
        }
        part->rated[REF_ACTIVE] = active[i];
        part->rated_va = fmax(-active[i].lower, active[i].upper);
        part->resolution = i == REF_BATTERY ? 0 : steps[history_random(h, ARRAY_LEN(steps))];
        part->releases = i != REF_BATTERY && history_random(h, 3) == 0;
        part->rests = i == REF_INVERTER || i == REF_PV;
        part->action = REF_NO_ACTION;
        part->soc_pct = part->reading[0] = part->reading[1] = NAN;
        h->physical[i] = REF_READY;
    }
    h->ref.parts[REF_BATTERY].rated[REF_DC] = (struct ref_range){-9000, 9000};
    h->ref.parts[REF_BATTERY].rated[REF_SOC] = (struct ref_range){10, 90};
    h->soc_pct = 50;
    h->wants[REF_PV] = -(double)history_random(h, 15000);
    h->wants[REF_EV] = (double)history_random(h, 11000);
}

int history_bounded(int metric)
{
    static const int all[REF_METRICS] = {BOUNDED_ACTIVE, BOUNDED_REACTIVE, BOUNDED_DC_POWER, BOUNDED_SOC};
    return all[metric];
}

static double clamp(double value, struct ref_range range)
{
    return fmin(fmax(value, range.lower), range.upper);
}

/* What the device does: as told, as far as sun, car and its own limits let it. */
static double does(const struct history *h, enum ref_which which, int axis)
{
    const struct ref_axis *one = &h->ref.parts[which].axes[axis];
    bool held = one->told && !one->released;
    double power = axis == REF_REACTIVE ? 0 : h->wants[which];
    if (h->physical[which] != REF_READY) {
        return 0;
    }
    if (held) {
        power = which == REF_PV && axis == REF_ACTIVE   ? fmax(power, one->power)
                : which == REF_EV && axis == REF_ACTIVE ? fmin(power, one->power)
                                                        : one->power;
    }
    return (float)clamp(power, h->momentary[which][axis]);
}

void history_sample(struct history *h, enum ref_which which)
{
    static const uint32_t states[] = {[REF_OFF] = STATE_BIT(STATE_OFF),
        [REF_STANDBY] = STATE_BIT(STATE_STANDBY),
        [REF_READY] = STATE_BIT(STATE_READY),
        [REF_ERROR] = STATE_BIT(STATE_ERROR)};
    struct ref_part *part = &h->ref.parts[which];
    struct reading readings[2];
    struct sample sample = {.time_utc_ns = ++h->samples, .readings = readings};
    sample.state.states = states[h->physical[which]];
    sample.state.errors = h->physical[which] == REF_ERROR ? ERROR_BIT(ERROR_OVERVOLTAGE) : 0;
    for (int i = 0; i < REF_METRICS; i++) {
        part->momentary[i] = h->momentary[which][i];
        sample.momentary[history_bounded(i)] = (struct range){
            part->momentary[i].lower, part->momentary[i].upper};
    }
    if (which == REF_BATTERY) {
        sample.state.states |= STATE_BIT(h->open ? STATE_RELAY_OPEN : STATE_RELAY_CLOSED);
        readings[sample.n_readings++] = (struct reading){METRIC_BATTERY_SOC_PCT, (float)h->soc_pct};
        part->soc_pct = (float)h->soc_pct;
        part->open = h->open;
    } else {
        for (int axis = 0; axis < REF_AXES; axis++) {
            part->reading[axis] = does(h, which, axis);
            readings[sample.n_readings++] = (struct reading){
                axis == REF_ACTIVE ? METRIC_AC_ACTIVE_POWER : METRIC_AC_REACTIVE_POWER,
                (float)part->reading[axis]};
        }
    }
    history_observe(h);
    ref_sample(&h->ref, which, h->physical[which]);
    device_report(h->parts[which], &sample);
    history_take_orders(h);
}

void history_sample_all(struct history *h)
{
    for (int i = 0; i < REF_PARTS; i++) {
        if (!h->silent[i]) {
            history_sample(h, (enum ref_which)i);
        }
    }
    h->next_sample_ns = h->fake->clock.at_ns + REF_SAMPLE_S * NS_PER_S;
}

void history_observe(struct history *h)
{
    for (int i = 0; i < REF_PARTS; i++) {
        for (int axis = 0; axis < REF_AXES; axis++) {
            const struct setpoint *setpoint = &h->parts[i]->setpoints[axis];
            h->ref.parts[i].applied[axis] = setpoint->applied;
            h->ref.parts[i].free_power[axis] = setpoint->requested;
        }
    }
}
