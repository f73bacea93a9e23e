/* SPDX-License-Identifier: MIT */
/* Relays and prechargers: what conducts, and what does not. */
#include "driver/sim/part.h"

bool part_conducts(const struct part *part)
{
    switch (part->component->spec.type) {
    case COMPONENT_RELAY:
        return relay_conducts(&part->relay.state);
    case COMPONENT_PRECHARGER:
        return part->precharger.state.phase == PRECHARGER_CLOSED;
    case COMPONENT_BATTERY:
        return relay_conducts(&part->battery.relay) && part->errors == 0;
    default:
        return true;
    }
}

/* Relay. */

static int relay_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    relay_params_default(&part->relay.params);
    part->relay.params.cycle_limit = (uint32_t)settings_number(settings, "cycle_limit", 0);
    relay_init(&part->relay.state, settings_flag(settings, "closed", true) && part->errors == 0);
    return 0;
}

static void relay_step_part(struct part *part, double dt_s)
{
    if (part->errors) {
        relay_command(&part->relay.state, &part->relay.params, false);
    }
    relay_step(&part->relay.state, dt_s);
    part_set_power(part, 0, 0);
}

static void relay_read(struct part *part, struct sample_builder *builder)
{
    static const uint32_t states[] = {
        [RELAY_OPEN] = STATE_BIT(STATE_OFF) | STATE_BIT(STATE_RELAY_OPEN),
        [RELAY_CLOSING] = STATE_BIT(STATE_SWITCHING_ON) | STATE_BIT(STATE_RELAY_OPEN),
        [RELAY_CLOSED] = STATE_BIT(STATE_READY) | STATE_BIT(STATE_RELAY_CLOSED),
        [RELAY_OPENING] = STATE_BIT(STATE_SWITCHING_OFF) | STATE_BIT(STATE_RELAY_CLOSED),
    };
    builder->sample.state.states = states[part->relay.state.position];
}

static void relay_go(struct part *part, enum sequence_goal goal)
{
    if (!relay_command(&part->relay.state, &part->relay.params, goal == SEQUENCE_RUN)) {
        part_raise(part, ERROR_RELAY_CYCLE_LIMIT_REACHED);
        part->unrecoverable = true;
        status_set(&part->fault, UGRPC_UNAVAILABLE, "%s: worn out after %u cycle%s, it does not close",
            component_label(part->component), part->relay.params.cycle_limit,
            PLURAL(part->relay.params.cycle_limit));
    }
}

static bool relay_settled(struct part *part)
{
    return !relay_moving(&part->relay.state);
}

static void relay_remember(struct part *part, const struct numbers *numbers)
{
    numbers_relay(numbers, "closed", "cycles", &part->relay.state);
}

const struct part_kind relay_kind = {
    .init = relay_init_part,
    .step = relay_step_part,
    .read = relay_read,
    .go = relay_go,
    .settled = relay_settled,
    .remember = relay_remember,
};

/* Precharger. */

#define LINK_NOMINAL_V 400.0 /* of the battery that precharges the link, as far as this component knows */

static int precharger_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    precharger_params_default(&part->precharger.params);
    bool closed = settings_flag(settings, "closed", true) && part->errors == 0;
    precharger_init(&part->precharger.state, closed, LINK_NOMINAL_V);
    return 0;
}

static void precharger_step_part(struct part *part, double dt_s)
{
    struct precharger_state *state = &part->precharger.state;
    if (part->errors && state->phase != PRECHARGER_OPEN) {
        precharger_open(state);
    }
    precharger_step(state, &part->precharger.params, LINK_NOMINAL_V, dt_s);
    if (state->phase == PRECHARGER_FAILED) {
        part_raise(part, ERROR_PRECHARGE_ERROR);
    }
    part_set_power(part, 0, 0);
}

static void precharger_read(struct part *part, struct sample_builder *builder)
{
    static const uint32_t states[] = {
        [PRECHARGER_OPEN] = STATE_BIT(STATE_OFF) | STATE_BIT(STATE_PRECHARGER_OPEN),
        [PRECHARGER_PRECHARGING] = STATE_BIT(STATE_SWITCHING_ON) | STATE_BIT(STATE_PRECHARGER_PRECHARGING),
        [PRECHARGER_CLOSED] = STATE_BIT(STATE_READY) | STATE_BIT(STATE_PRECHARGER_CLOSED),
        [PRECHARGER_FAILED] = STATE_BIT(STATE_OFF) | STATE_BIT(STATE_PRECHARGER_OPEN),
    };
    builder->sample.state.states = states[part->precharger.state.phase];
    sample_put(builder, METRIC_DC_VOLTAGE, part->precharger.state.voltage_v);
}

static void precharger_go(struct part *part, enum sequence_goal goal)
{
    if (goal == SEQUENCE_RUN) {
        precharger_start(&part->precharger.state);
    } else {
        precharger_open(&part->precharger.state);
    }
}

static bool precharger_settled(struct part *part)
{
    if (part->errors) {
        status_set(&part->fault, UGRPC_UNAVAILABLE, "%s: precharging was too slow, the relays stay open",
            component_label(part->component));
        return true;
    }
    return part->precharger.state.phase != PRECHARGER_PRECHARGING;
}

static void precharger_remember(struct part *part, const struct numbers *numbers)
{
    struct precharger_state *state = &part->precharger.state;
    bool was = state->phase == PRECHARGER_CLOSED || state->phase == PRECHARGER_PRECHARGING;
    bool closed = numbers_flag(numbers, "closed", was);
    if (closed != was) {
        precharger_init(state, closed, LINK_NOMINAL_V);
    }
}

const struct part_kind precharger_kind = {
    .init = precharger_init_part,
    .step = precharger_step_part,
    .read = precharger_read,
    .go = precharger_go,
    .settled = precharger_settled,
    .remember = precharger_remember,
};
