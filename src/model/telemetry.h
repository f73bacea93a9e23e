/* SPDX-License-Identifier: MIT */
/* The hub: who subscribed to a component or sensor hears of each new sample, and of silence. Nothing is
 * queued here: a subscriber reads the latest values during the callback. */
#ifndef MODEL_TELEMETRY_H
#define MODEL_TELEMETRY_H

#include "model/component.h"

/* Lives in its owner. on_news runs from the loop after each new sample; when the component goes offline; and
 * then once a second until the next sample. It may unsubscribe itself or others. */
struct subscription {
    void (*on_news)(struct subscription *subscription, void *userdata);
    void *userdata;
    struct telemetry *telemetry; /* NULL: not subscribed */
    struct subscription *next, **link;
};

void telemetry_subscribe(struct telemetry *telemetry, struct subscription *subscription);
void telemetry_unsubscribe(struct subscription *subscription); /* nothing happens if it is not subscribed */

/* What a stream shows: no sample yet → UNKNOWN; offline → {UNAVAILABLE, ERROR} with HARDWARE_INACCESSIBLE. */
struct component_state telemetry_state(const struct telemetry *telemetry);

/* Its device answers: there is a sample and it is not too old. */
bool telemetry_fresh(const struct telemetry *telemetry);

#endif
