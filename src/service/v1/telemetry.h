/* SPDX-License-Identifier: MIT */
/* How v1 writes the latest sample of a component or sensor, for service/feed.h: one timestamp and exactly one
 * state snapshot; bounds in force on what takes added bounds; nothing that is not a number. */
#ifndef SERVICE_V1_TELEMETRY_H
#define SERVICE_V1_TELEMETRY_H

struct feed_sample;

void v1_encode_component(const void *component, struct feed_sample *sample);
void v1_encode_sensor(const void *sensor, struct feed_sample *sample);

#endif
