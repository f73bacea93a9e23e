/* SPDX-License-Identifier: MIT */
/* What only carries power: the grid connection, meters (with a load of their own, if they have one),
 * transformers, fuses, converters. */
#include <math.h>
#include <string.h>

#include "driver/sim/part.h"

/* Grid. */

static int grid_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    grid_params_default(&part->grid.params, part->component->spec.fuse_current_a);
    part->grid.params.nominal_v = settings_number(settings, "voltage", part->grid.params.nominal_v);
    part->grid.params.nominal_hz = settings_number(settings, "frequency", part->grid.params.nominal_hz);
    grid_init(&part->grid.state, &part->grid.params);
    return 0;
}

static void grid_step_part(struct part *part, double dt_s)
{
    grid_step(&part->grid.state, &part->grid.params, part->total_w, part->total_var, dt_s, &part->rng);
    part_set_power(part, 0, 0);
}

const struct part_kind grid_kind = {
    .is_ac = true,
    .init = grid_init_part,
    .step = grid_step_part,
};

/* Meter. */

static int meter_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    struct meter_part *meter = &part->meter;
    load_params_default(&meter->params);
    meter->params.noise_pct = settings_number(settings, "noise", meter->params.noise_pct);
    meter->params.power_factor = settings_number(settings, "power_factor", meter->params.power_factor);
    load_init(&meter->load, &part->rng);
    meter->scale = settings_number(settings, "scale", 1);
    if (strcmp(settings_text(settings, "sign", "consumption"), "production") == 0) {
        meter->scale = -meter->scale;
    }
    return part_source(part, settings, "power", NAN, &meter->profile, st);
}

static void meter_step_part(struct part *part, double dt_s)
{
    struct meter_part *meter = &part->meter;
    if (!source_given(&meter->profile)) {
        part_set_power(part, 0, 0);
        return;
    }
    double profile_w = part_source_now(part, &meter->profile) * meter->scale;
    load_step(&meter->load, &meter->params, profile_w, dt_s, &part->rng);
    for (int i = 0; i < 3; i++) {
        part->power_w[i] = meter->load.power_w[i];
        part->reactive_var[i] = meter->load.reactive_var[i];
    }
}

const struct part_kind meter_kind = {
    .is_ac = true,
    .init = meter_init_part,
    .step = meter_step_part,
};

/* Transformer, fuse, converter: they only pass power on, and measure it. */
const struct part_kind passive_kind = {
    .is_ac = true,
};
