/* SPDX-License-Identifier: MIT */
/* What is told of set-points: what was asked, what of it is applied, and why not all. Private to model/. */
#ifndef MODEL_COMMAND_TELL_H
#define MODEL_COMMAND_TELL_H

#include <stdint.h>

#include "model/component.h"

/* The axis's set-point was accepted and `applied`; `remark` follows the lifetime. */
void command_tell_accepted(const struct component *component, enum axis axis, double applied,
    int64_t lifetime_s, const char *remark);

/* Of the axis's set-point the gateway has come to apply `applied`. */
void command_tell_moved(const struct component *component, enum axis axis, double applied);

/* It goes on after a restart, for so long. */
void command_tell_restored(const struct component *component, enum axis axis, double applied, int64_t left_s);

/* For the journal, what was applied and why, if that is not just what was asked: "applied +3000 W of +5000 W
 * (added bounds)"; else "". */
void command_explain(
    const struct component *component, enum axis axis, double applied, char *out, size_t cap);

#endif
