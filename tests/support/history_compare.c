/* SPDX-License-Identifier: MIT */
#include "history_parts.h"

static void compare_bounds(struct history *h, enum ref_which which, enum ref_metric metric)
{
    static struct ref_set owed;
    const struct ranges *real = bounds_in_force(h->parts[which], (enum bounded)history_bounded((int)metric));
    ref_in_force(&h->ref, which, metric, &owed);
    bool same = (int)real->n == owed.n;
    for (int i = 0; same && i < owed.n; i++) {
        same = real->items[i].lower == owed.items[i].lower && real->items[i].upper == owed.items[i].upper;
    }
    if (!same) {
        char text[160];
        ranges_format(real, "", text, sizeof(text));
        for (int i = 0; i < owed.n; i++) {
            history_say(h, "owed: %.9g ... %.9g", owed.items[i].lower, owed.items[i].upper);
        }
        history_fail(h, "%s: bounds %d in force are %s", history_names[which], (int)metric, text);
    }
}

static void compare_setpoint(struct history *h, enum ref_which which, int axis)
{
    static const enum ref_mode modes[] = {
        [SETPOINT_FREE] = REF_FREE, [SETPOINT_ZERO] = REF_ZERO, [SETPOINT_ACTIVE] = REF_SET};
    const struct setpoint *real = &h->parts[which]->setpoints[axis];
    const struct ref_wish *owed = &h->ref.parts[which].axes[axis].wish;
    bool same = modes[real->mode] == owed->mode;
    if (same && owed->mode == REF_SET) {
        same = real->requested == owed->value && real->until_ns == owed->until_ns &&
               real->until_utc_ns == owed->until_utc_ns && real->waiting == owed->waiting;
    }
    if (!same) {
        history_fail(h,
            "%s.%d: mode %d, %.9g%s until %.9f, but owed is mode %d, %.9g%s until %.9f (UTC differs by %lld)",
            history_names[which], axis, (int)modes[real->mode], real->requested,
            real->waiting ? " (waits)" : "", (double)real->until_ns / NS_PER_S, (int)owed->mode, owed->value,
            owed->waiting ? " (waits)" : "", (double)owed->until_ns / NS_PER_S,
            (long long)(real->until_utc_ns - owed->until_utc_ns));
    }
    const char *complaint = ref_check_told(&h->ref, which, axis);
    if (complaint) {
        const struct ref_axis *one = &h->ref.parts[which].axes[axis];
        history_fail(h, "%s.%d: %s (told %s %.9g)", history_names[which], axis, complaint,
            !one->told      ? "nothing"
            : one->released ? "release"
                            : "power",
            one->power);
    }
}

void history_compare(struct history *h)
{
    h->counts->comparisons++;
    history_observe(h);
    bool sampled = h->ref.parts[REF_EV].state !=
                   REF_UNKNOWN; /* nobody is shown bounds before, or may command */
    for (int i = 0; i < REF_PARTS; i++) {
        for (int j = 0; j < REF_METRICS; j++) {
            if (sampled && h->ref.parts[i].takes[j]) {
                compare_bounds(h, (enum ref_which)i, (enum ref_metric)j);
            }
        }
        for (int axis = 0; axis < REF_AXES; axis++) {
            if (h->ref.parts[i].takes[axis]) {
                compare_setpoint(h, (enum ref_which)i, axis);
            }
        }
    }
    for (int i = 0; i < h->n_answers; i++) {
        if (h->answers[i].n > 1) {
            history_fail(h, "a command was answered twice");
        }
    }
}
