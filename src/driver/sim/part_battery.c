/* SPDX-License-Identifier: MIT */
/* A battery and its DC relays. Its inverters, stepped before it, say what flows. */
#include <string.h>

#include "driver/sim/part.h"

static enum battery_chemistry chemistry_from_name(const char *name, enum battery_type type)
{
    if (strcmp(name, "nmc") == 0) {
        return BATTERY_NMC;
    }
    return strcmp(name, "na_ion") == 0 || type == BATTERY_TYPE_NA_ION ? BATTERY_NA_ION : BATTERY_LFP;
}

static int battery_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    struct battery_part *battery = &part->battery;
    const struct component_spec *spec = &part->component->spec;
    double capacity_wh = settings_number(settings, "capacity", 0);
    if (!(capacity_wh > 0)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "capacity: a battery needs one, as in \"20 kWh\"");
    }
    struct battery_params *params = &battery->params;
    battery_params_default(params,
        chemistry_from_name(settings_text(settings, "chemistry", ""), spec->battery_type), capacity_wh);
    params->health_pct = settings_number(settings, "health", params->health_pct);
    params->charge_c = spec->rated[BOUNDED_DC_POWER].upper / capacity_wh;
    params->discharge_c = -spec->rated[BOUNDED_DC_POWER].lower / capacity_wh;
    params->soc_min_pct = spec->rated[BOUNDED_SOC].lower;
    params->soc_max_pct = spec->rated[BOUNDED_SOC].upper;
    int rc = part_source(part, settings, "ambient", 20, &battery->ambient, st);
    if (rc != 0) {
        return rc;
    }
    battery_init(&battery->state, params, settings_number(settings, "soc", 50),
        part_source_now(part, &battery->ambient));
    relay_params_default(&battery->relay_params);
    relay_init(&battery->relay, settings_flag(settings, "closed", true) && part->errors == 0);
    return 0;
}

static void battery_step_part(struct part *part, double dt_s)
{
    struct battery_part *battery = &part->battery;
    if (part->errors) {
        relay_command(&battery->relay, &battery->relay_params, false);
    }
    relay_step(&battery->relay, dt_s);
    double power_w = relay_conducts(&battery->relay) ? battery->dc_in_w : 0;
    battery->dc_in_w = 0;
    battery_step(&battery->state, &battery->params, power_w, part_source_now(part, &battery->ambient), dt_s);
    part_set_power(part, 0, 0); /* none of it is AC */
}

static uint32_t battery_states(const struct battery_part *battery)
{
    switch (battery->relay.position) {
    case RELAY_OPEN:
        return STATE_BIT(STATE_OFF) | STATE_BIT(STATE_RELAY_OPEN);
    case RELAY_CLOSING:
        return STATE_BIT(STATE_SWITCHING_ON) | STATE_BIT(STATE_RELAY_OPEN);
    case RELAY_OPENING:
        return STATE_BIT(STATE_SWITCHING_OFF) | STATE_BIT(STATE_RELAY_CLOSED);
    default:
        return part_power_state(battery->state.power_w, 10) | STATE_BIT(STATE_RELAY_CLOSED);
    }
}

static void battery_read(struct part *part, struct sample_builder *builder)
{
    const struct battery_part *battery = &part->battery;
    struct power_range range = {0, 0};
    if (part_conducts(part)) {
        range = battery_limits(&battery->state, &battery->params);
    }
    builder->sample.momentary[BOUNDED_DC_POWER] = (struct range){range.lower_w, range.upper_w};
    builder->sample.state.states = battery_states(battery);
    sample_put_dc(builder, battery->state.voltage_v, battery->state.current_a, battery->state.power_w);
    sample_put(builder, METRIC_BATTERY_CAPACITY, battery_usable_wh(&battery->params));
    sample_put(builder, METRIC_BATTERY_SOC_PCT, battery->state.soc_pct);
    sample_put(builder, METRIC_BATTERY_TEMPERATURE, battery->state.temperature_c);
}

static void battery_go(struct part *part, enum sequence_goal goal)
{
    if (!relay_command(&part->battery.relay, &part->battery.relay_params, goal == SEQUENCE_RUN)) {
        part_raise(part, ERROR_RELAY_CYCLE_LIMIT_REACHED);
        status_set(&part->fault, UGRPC_UNAVAILABLE, "%s: its DC relays are worn out, they do not close",
            component_label(part->component));
    }
}

static bool battery_settled(struct part *part)
{
    return !relay_moving(&part->battery.relay);
}

static void battery_remember(struct part *part, const struct numbers *numbers)
{
    struct battery_part *battery = &part->battery;
    double soc_pct = battery->state.soc_pct;
    numbers_level(numbers, "soc_pct", &battery->state.soc_pct, 0, 100);
    numbers_level(numbers, "temperature_c", &battery->state.temperature_c, -60, 150);
    numbers_relay(numbers, "closed", "cycles", &battery->relay);
    if (battery->state.soc_pct != soc_pct) {
        battery_init(&battery->state, &battery->params, battery->state.soc_pct, battery->state.temperature_c);
    }
}

const struct part_kind battery_kind = {
    .init = battery_init_part,
    .step = battery_step_part,
    .read = battery_read,
    .go = battery_go,
    .settled = battery_settled,
    .remember = battery_remember,
};
