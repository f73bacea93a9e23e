/* SPDX-License-Identifier: MIT */
/* What simulated components have accumulated. Each number is named once, by the part that has it, for reading
 * and for writing alike, so nothing can be kept that is not given back. Not among them is what settles within
 * minutes, as power, frequency and an inverter's heat do; what the site file sets, such as health and errors;
 * and set-points, which the journal has. */
#include "driver/sim/device.h"

static double show(const struct numbers *numbers, struct memory_number number)
{
    numbers->visit(&number, numbers->userdata);
    return number.value;
}

void numbers_count(const struct numbers *numbers, const char *name, double *value)
{
    *value = show(numbers, (struct memory_number){name, 0, 1e18, true, *value});
}

void numbers_level(const struct numbers *numbers, const char *name, double *value, double lower, double upper)
{
    *value = show(numbers, (struct memory_number){name, lower, upper, false, *value});
}

int numbers_choice(const struct numbers *numbers, const char *name, int value, int most)
{
    return (int)show(numbers, (struct memory_number){name, 0, most, false, value});
}

bool numbers_flag(const struct numbers *numbers, const char *name, bool value)
{
    return numbers_choice(numbers, name, value, 1) != 0;
}

void numbers_cycles(const struct numbers *numbers, const char *name, struct relay_state *relay)
{
    relay->cycles = (uint32_t)show(numbers, (struct memory_number){name, 0, UINT32_MAX, true, relay->cycles});
}

/* What is on its way counts as there: it takes less than a second. */
void numbers_relay(const struct numbers *numbers, const char *closed_name, const char *cycles_name,
    struct relay_state *relay)
{
    bool was = relay->position == RELAY_CLOSED || relay->position == RELAY_CLOSING;
    bool closed = numbers_flag(numbers, closed_name, was);
    if (closed != was) {
        *relay = (struct relay_state){
            .position = closed ? RELAY_CLOSED : RELAY_OPEN, .cycles = relay->cycles};
    }
    numbers_cycles(numbers, cycles_name, relay);
}

/* Totals are their sums. */
static void visit_energy(const struct numbers *numbers, struct ac_quantities *ac)
{
    static const struct {
        const char *consumed, *delivered, *apparent, *reactive;
    } names[] = {
        {"consumed_1_wh", "delivered_1_wh", "apparent_1_vah", "reactive_1_varh"},
        {"consumed_2_wh", "delivered_2_wh", "apparent_2_vah", "reactive_2_varh"},
        {"consumed_3_wh", "delivered_3_wh", "apparent_3_vah", "reactive_3_varh"},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct ac_energy *energy = &ac->phase[i].energy;
        numbers_count(numbers, names[i].consumed, &energy->consumed_wh);
        numbers_count(numbers, names[i].delivered, &energy->delivered_wh);
        numbers_count(numbers, names[i].apparent, &energy->apparent_vah);
        numbers_count(numbers, names[i].reactive, &energy->reactive_varh);
    }
}

void sim_visit_memory(
    struct device *device, struct component *component, memory_visit_fn *visit, void *userdata)
{
    const struct numbers numbers = {visit, userdata};
    struct part *part = part_of(component);
    if (part->kind->is_ac) {
        visit_energy(&numbers, &part->ac);
    }
    if (part->kind->remember) {
        part->kind->remember(part, &numbers);
    }
}
