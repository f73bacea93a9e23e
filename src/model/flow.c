/* SPDX-License-Identifier: MIT */
#include "model/flow.h"

#include <math.h>

void flow_add(struct flow *sum, const struct flow *flow, double factor)
{
    EACH_LANE (axis, lane) {
        sum->of[axis][lane] += factor * flow->of[axis][lane];
    }
}

/* Phases that were not measured have the same part each of what the others leave, or nothing if nobody knows.
 */
static void fill_gaps(double lanes[LANE_COUNT])
{
    double left = lanes[ALL_PHASES];
    int n = 0;
    for (int lane = PHASE_1; lane <= PHASE_3; lane++) {
        n += isnan(lanes[lane]);
        left -= isnan(lanes[lane]) ? 0 : lanes[lane];
    }
    for (int lane = PHASE_1; lane < LANE_COUNT; lane++) {
        double otherwise = isnan(left) ? 0 : left / n;
        lanes[lane] = isnan(lanes[lane]) ? otherwise : lanes[lane];
    }
}

/* The power's metrics follow one another: active and its phases, reactive and its phases. */
static bool read_flow(const struct telemetry *telemetry, struct flow *flow)
{
    EACH_LANE (axis, lane) {
        flow->of[axis][lane] = NAN;
    }
    for (size_t i = 0; i < telemetry->n_readings; i++) {
        unsigned place = (unsigned)telemetry->readings[i].metric - METRIC_AC_ACTIVE_POWER;
        if (place < AXIS_COUNT * LANE_COUNT) {
            unsigned phase = place % LANE_COUNT;
            flow->of[place / LANE_COUNT][phase == 0 ? ALL_PHASES : phase - 1] = telemetry->readings[i].value;
        }
    }
    bool any = !isnan(flow->of[AXIS_ACTIVE][ALL_PHASES]);
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        fill_gaps(flow->of[axis]);
    }
    return any;
}

int64_t trace_newest_ns(const struct trace *trace)
{
    return trace->samples[trace->newest].at_ns;
}

bool trace_take(struct trace *trace, const struct telemetry *telemetry)
{
    struct flow flow;
    if (telemetry->sequence > 0 && (!trace->n || telemetry->sampled_at_ns != trace_newest_ns(trace)) &&
        read_flow(telemetry, &flow)) {
        trace->newest = (trace->newest + 1) % TRACE_SAMPLES;
        trace->n += trace->n < TRACE_SAMPLES;
        trace->samples[trace->newest].at_ns = telemetry->sampled_at_ns;
        EACH_LANE (axis, lane) {
            trace->samples[trace->newest].of[axis][lane] = (float)flow.of[axis][lane];
        }
    }
    return trace->n > 0;
}

struct flow trace_at(const struct trace *trace, int64_t at_ns)
{
    struct flow flow;
    size_t after = trace->newest, before = after;
    for (size_t i = 1; i < trace->n && trace->samples[before].at_ns > at_ns; i++) {
        after = before;
        before = (before + TRACE_SAMPLES - 1) % TRACE_SAMPLES;
    }
    double span_ns = (double)(trace->samples[after].at_ns - trace->samples[before].at_ns);
    double way = span_ns > 0 ? (double)(at_ns - trace->samples[before].at_ns) / span_ns : 0;
    way = fmin(fmax(way, 0), 1);
    EACH_LANE (axis, lane) {
        flow.of[axis][lane] = (1 - way) * trace->samples[before].of[axis][lane] +
                              way * trace->samples[after].of[axis][lane];
    }
    return flow;
}

struct flow trace_now(const struct trace *trace)
{
    struct flow flow;
    EACH_LANE (axis, lane) {
        flow.of[axis][lane] = trace->samples[trace->newest].of[axis][lane];
    }
    return flow;
}
