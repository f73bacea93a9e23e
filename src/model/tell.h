/* SPDX-License-Identifier: MIT */
/* How the model tells its observer of events. Private to model/. */
#ifndef MODEL_TELL_H
#define MODEL_TELL_H

#include "base/base.h"
#include "model/event.h"
#include "model/site.h"

void tell_component(const struct component *component, enum event_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
void tell_sensor(const struct sensor *sensor, enum event_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
