/* SPDX-License-Identifier: MIT */
/* Samples: which physical quantity becomes which metric. */
#include <assert.h>

#include "driver/sim/part.h"

void sample_put(struct sample_builder *builder, enum metric metric, double value)
{
    assert(builder->sample.n_readings < SAMPLE_MAX_READINGS);
    builder->readings[builder->sample.n_readings++] = (struct reading){metric, (float)value};
}

void sample_put_dc(struct sample_builder *builder, double voltage_v, double current_a, double power_w)
{
    sample_put(builder, METRIC_DC_VOLTAGE, voltage_v);
    sample_put(builder, METRIC_DC_CURRENT, current_a);
    sample_put(builder, METRIC_DC_POWER, power_w);
}

/* The metrics of a phase follow the total's number by 1, 2, 3. */
#define PUT_PHASES(first, member)                                                                            \
    for (int i = 0; i < 3; i++) {                                                                            \
        sample_put(builder, (first) + (enum metric)i, ac->phase[i].member);                                  \
    }

#define PUT_WITH_PHASES(total, member)                                                                       \
    sample_put(builder, total, ac->member);                                                                  \
    PUT_PHASES((total) + 1, member)

/* The active energy counter counts both directions up, as the total register of a meter does. */
static double gross_wh(const struct ac_energy *energy)
{
    return energy->consumed_wh + energy->delivered_wh;
}

/* What even a simple meter measures. */
static void put_basic(struct sample_builder *builder, const struct ac_quantities *ac)
{
    sample_put(builder, METRIC_AC_FREQUENCY, ac->frequency_hz);
    sample_put(builder, METRIC_AC_VOLTAGE, ac->voltage_v);
    PUT_PHASES(METRIC_AC_VOLTAGE_PHASE_1_N, voltage_v);
    PUT_WITH_PHASES(METRIC_AC_CURRENT, current_a);
    PUT_WITH_PHASES(METRIC_AC_ACTIVE_POWER, power_w);
    PUT_WITH_PHASES(METRIC_AC_REACTIVE_POWER, reactive_var);
}

void sample_put_ac(struct sample_builder *builder, const struct ac_quantities *ac, bool basic)
{
    put_basic(builder, ac);
    if (basic) {
        sample_put(builder, METRIC_AC_APPARENT_POWER, ac->apparent_va);
        sample_put(builder, METRIC_AC_POWER_FACTOR, ac->power_factor);
        sample_put(builder, METRIC_AC_ACTIVE_ENERGY_CONSUMED, ac->energy.consumed_wh);
        sample_put(builder, METRIC_AC_ACTIVE_ENERGY_DELIVERED, ac->energy.delivered_wh);
        return;
    }
    PUT_PHASES(METRIC_AC_VOLTAGE_PHASE_1_PHASE_2, voltage_next_v);
    PUT_WITH_PHASES(METRIC_AC_APPARENT_POWER, apparent_va);
    PUT_WITH_PHASES(METRIC_AC_POWER_FACTOR, power_factor);
    PUT_WITH_PHASES(METRIC_AC_APPARENT_ENERGY, energy.apparent_vah);
    sample_put(builder, METRIC_AC_ACTIVE_ENERGY, gross_wh(&ac->energy));
    for (int i = 0; i < 3; i++) {
        sample_put(builder, METRIC_AC_ACTIVE_ENERGY_PHASE_1 + (enum metric)i, gross_wh(&ac->phase[i].energy));
    }
    PUT_WITH_PHASES(METRIC_AC_ACTIVE_ENERGY_CONSUMED, energy.consumed_wh);
    PUT_WITH_PHASES(METRIC_AC_ACTIVE_ENERGY_DELIVERED, energy.delivered_wh);
    PUT_WITH_PHASES(METRIC_AC_REACTIVE_ENERGY, energy.reactive_varh);
    PUT_WITH_PHASES(METRIC_AC_TOTAL_HARMONIC_DISTORTION_CURRENT, thd_pct);
}
