/* SPDX-License-Identifier: MIT */
/* Events: nothing is formatted when nobody listens. */
#include "model/tell.h"

#include <stdarg.h>
#include <stdio.h>

static void PRINTF_LIKE(3, 0)
    tell(const struct site *site, struct event *event, const char *format, va_list args)
{
    char text[512];
    if (!site->observer.on_event) {
        return;
    }
    vsnprintf(text, sizeof(text), format, args);
    event->text = text;
    site->observer.on_event(event, site->observer.userdata);
}

void tell_component(const struct component *component, enum event_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct event event = {
        .kind = kind, .component = component, .name = component->spec.name, .id = component->spec.id};
    tell(component->site, &event, format, args);
    va_end(args);
}

void tell_setpoint(
    const struct component *component, enum axis axis, enum event_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct event event = {.kind = kind,
        .component = component,
        .name = component->spec.name,
        .id = component->spec.id,
        .axis = axis};
    tell(component->site, &event, format, args);
    va_end(args);
}

void tell_sensor(const struct sensor *sensor, enum event_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct event event = {.kind = kind, .name = sensor->spec.name, .id = sensor->spec.id};
    tell(sensor->telemetry.site, &event, format, args);
    va_end(args);
}
