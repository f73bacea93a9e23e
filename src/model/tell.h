/* SPDX-License-Identifier: MIT */
/* How the model tells its observer of events. Private to model/. */
#ifndef MODEL_TELL_H
#define MODEL_TELL_H

#include "base/base.h"
#include "model/event.h"
#include "model/site.h"

void tell_component(const struct component *component, enum event_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
void tell_setpoint(const struct component *component, enum axis axis, enum event_kind kind,
    const char *format, ...) PRINTF_LIKE(4, 5);
void tell_sensor(const struct sensor *sensor, enum event_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
