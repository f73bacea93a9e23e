/* SPDX-License-Identifier: MIT */
/* How v1alpha writes the latest sample of a component or sensor, for service/feed.h: one timestamp and
 * exactly one state snapshot; bounds in force on what takes added bounds, at most the two ranges nearest 0;
 * nothing that is not a number. */
#ifndef SERVICE_V1ALPHA_TELEMETRY_H
#define SERVICE_V1ALPHA_TELEMETRY_H

struct feed_sample;

void alpha_encode_component(const void *component, struct feed_sample *sample);
void alpha_encode_sensor(const void *sensor, struct feed_sample *sample);

#endif
