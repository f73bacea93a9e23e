/* SPDX-License-Identifier: MIT */
#include "fused_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "unit/near.h"

struct component *fused_add(
    struct fused *fused, uint64_t id, const char *name, enum component_type type, struct component *parent)
{
    bool inverter = type == COMPONENT_BATTERY_INVERTER;
    struct component *component = fake_add(
        fused->fake, id, name, type, inverter ? -20000 : NAN, inverter ? 20000 : NAN);
    component->spec.rated[BOUNDED_REACTIVE] = (struct range){-20000, 20000};
    if (parent) {
        fake_connect(parent, component);
    }
    return component;
}

void fused_report_all(const struct fused *fused)
{
    for (size_t i = 0; i < fused->fake->site->n_components; i++) {
        fake_report_state(fused->fake->site->components[i], STATE_BIT(STATE_READY));
    }
}

int fused_set_up(void **state)
{
    struct fused *fused = calloc(1, sizeof(*fused));
    fused->fake = fake_site_new_bare();
    fused->grid = fused_add(fused, 1, "grid", COMPONENT_GRID, NULL);
    fused->grid->spec.fuse_current_a = FUSED_A;
    fused->meter = fused_add(fused, 2, "meter", COMPONENT_METER, fused->grid);
    fused->one = fused_add(fused, 3, "one", COMPONENT_BATTERY_INVERTER, fused->meter);
    fused->other = fused_add(fused, 4, "other", COMPONENT_BATTERY_INVERTER, fused->meter);
    fused_report_all(fused);
    *state = fused;
    return 0;
}

int fused_tear_down(void **state)
{
    struct fused *fused = *state;
    fake_site_free(fused->fake);
    free(fused);
    return 0;
}

void fused_measure(struct component *component, double phase_1_w, double phase_2_w, double phase_3_w)
{
    const double phases_w[3] = {phase_1_w, phase_2_w, phase_3_w};
    for (int i = 0; i < 3; i++) {
        fake_report_reading(component, METRIC_AC_ACTIVE_POWER_PHASE_1 + (enum metric)i, phases_w[i]);
    }
    fake_report_reading(component, METRIC_AC_ACTIVE_POWER, phase_1_w + phase_2_w + phase_3_w);
}

void fused_measure_evenly(struct component *component, double power_w)
{
    fused_measure(component, power_w / 3, power_w / 3, power_w / 3);
}

void fused_settle(const struct fused *fused)
{
    fake_pass_ms(fused->fake, 5000);
}

void fused_assert_in_force(
    const struct component *component, enum bounded bounded, double lower, double upper)
{
    const struct ranges *in_force = bounds_in_force(component, bounded);
    assert_int_equal(in_force->n, 1);
    assert_near(in_force->items[0].lower, lower, FUSED_ROUNDING);
    assert_near(in_force->items[0].upper, upper, FUSED_ROUNDING);
}

void fused_assert_active(const struct component *component, double lower_w, double upper_w)
{
    fused_assert_in_force(component, BOUNDED_ACTIVE, lower_w, upper_w);
}

double fused_applied_w(const struct component *component)
{
    return component->setpoints[AXIS_ACTIVE].applied;
}
