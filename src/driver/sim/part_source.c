/* SPDX-License-Identifier: MIT */
/* What produces besides inverters: combined heat and power, wind; and capacitor banks, which make reactive
 * power. */
#include <math.h>

#include "driver/sim/part.h"

/* CHP: off until somebody asks. */

static int chp_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    chp_params_default(&part->chp.params, -part->component->spec.rated[BOUNDED_ACTIVE].lower);
    part->chp.params.min_w = part->component->spec.least_w;
    part->chp.params.min_run_s = settings_number(settings, "min_run_time", part->chp.params.min_run_s);
    part->chp.params.ramp_w_s = part->chp.params.rated_w / settings_number(settings, "ramp_time", 60);
    chp_init(&part->chp.state);
    return 0;
}

static void chp_step_part(struct part *part, double dt_s)
{
    double wanted_w = part_limit(part, 0);
    bool stop = part->errors || !part->live || wanted_w == 0;
    chp_step(&part->chp.state, &part->chp.params, wanted_w, stop, dt_s);
    part_set_power(part, part->chp.state.power_w, 0);
}

static void chp_read(struct part *part, struct sample_builder *builder)
{
    builder->sample.state.states = part_power_state(part->chp.state.power_w, 10);
}

const struct part_kind chp_kind = {
    .is_ac = true,
    .init = chp_init_part,
    .step = chp_step_part,
    .read = chp_read,
};

/* Wind turbine. */

static int wind_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    wind_turbine_params_default(&part->wind.params, -part->component->spec.rated[BOUNDED_ACTIVE].lower);
    wind_turbine_init(&part->wind.state);
    return part_source(part, settings, "wind", 8, &part->wind.wind, st);
}

static void wind_step_part(struct part *part, double dt_s)
{
    double wind_m_s = part_source_now(part, &part->wind.wind);
    bool cut = part->errors || !part->live;
    wind_turbine_step(
        &part->wind.state, &part->wind.params, wind_m_s, cut ? 0 : part_limit(part, -INFINITY), dt_s);
    part_set_power(part, part->wind.state.power_w, 0);
}

static void wind_read(struct part *part, struct sample_builder *builder)
{
    builder->sample.state.states = part_power_state(part->wind.state.power_w, 10);
    builder->sample.momentary[BOUNDED_ACTIVE] = (struct range){fmin(-1, part->wind.state.available_w), 0};
}

const struct part_kind wind_kind = {
    .is_ac = true,
    .init = wind_init_part,
    .step = wind_step_part,
    .read = wind_read,
};

/* Capacitor bank. */

static int bank_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    capacitor_bank_params_default(&part->bank.params, -part->component->spec.rated[BOUNDED_REACTIVE].lower);
    part->bank.params.steps = (int)settings_number(settings, "steps", part->bank.params.steps);
    capacitor_bank_init(&part->bank.state);
    return 0;
}

static void bank_step_part(struct part *part, double dt_s)
{
    double wanted_var = part->wanted[AXIS_REACTIVE];
    bool cut = part->errors || !part->live || isnan(wanted_var);
    capacitor_bank_step(
        &part->bank.state, &part->bank.params, cut ? 0 : wanted_var, part_voltages(part)[0], dt_s);
    part_set_power(part, part->bank.state.power_w, part->bank.state.reactive_var);
}

const struct part_kind bank_kind = {
    .is_ac = true,
    .init = bank_init_part,
    .step = bank_step_part,
};
