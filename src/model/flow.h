/* SPDX-License-Identifier: MIT */
/* AC power by phases, and what a component measured of it lately. Private to model/feeders. */
#ifndef MODEL_FLOW_H
#define MODEL_FLOW_H

#include "model/component.h"

enum lane { PHASE_1, PHASE_2, PHASE_3, ALL_PHASES, LANE_COUNT };

struct flow {
    double of[AXIS_COUNT][LANE_COUNT]; /* W and VAr */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): it declares them */
#define EACH_LANE(axis, lane)                                                                                \
    for (int axis = 0; axis < AXIS_COUNT; axis++)                                                            \
        for (int lane = 0; lane < LANE_COUNT; lane++)
/* NOLINTEND(bugprone-macro-parentheses) */

void flow_add(struct flow *sum, const struct flow *flow, double factor);

#define TRACE_SAMPLES 10 /* once a second: further back than any component may be silent and not offline */

struct trace {
    struct {
        int64_t at_ns;
        float of[AXIS_COUNT][LANE_COUNT];
    } samples[TRACE_SAMPLES]; /* the newest at `newest`, older ones before it */
    size_t newest, n;
};

/* Takes what the component measured last, if it is new and has AC power; phases that are not measured are
 * taken to have the same part each of what the others leave. True if there is any sample now. */
bool trace_take(struct trace *trace, const struct telemetry *telemetry);

/* When the newest sample was taken; `trace` must have one. */
int64_t trace_newest_ns(const struct trace *trace);

/* What flowed at one instant: on the way between the samples before and after it, or as in the nearest one; 0
 * without samples. */
struct flow trace_at(const struct trace *trace, int64_t at_ns);
struct flow trace_now(const struct trace *trace);

#endif
