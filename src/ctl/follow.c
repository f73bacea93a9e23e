/* SPDX-License-Identifier: MIT */
#include "ctl/follow.h"

#include <signal.h>
#include <uv.h>

#include <ugrpc/channel.h>
#include <ugrpc/loop.h>

#include "base/timer_loop.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/metric.h"
#include "ctl/report.h"
#include "ctl/table.h"

#define RETRY_NS       NS_PER_S
#define LONGEST_GAP_NS (60 * NS_PER_S)
#define SILENCE_NS     (5 * NS_PER_S) /* what somebody who looks on would wonder about */

/* ---- the plan ---- */

static int plan_things(const struct arguments *arguments, struct follow_plan *plan)
{
    size_t all = plan->directory.components->n_components;
    int rc = 0;
    plan->n = arguments->n_operands ? arguments->n_operands : all;
    plan->things = must(calloc(plan->n + 1, sizeof(*plan->things)));
    for (size_t i = 0; i < plan->n && rc == 0; i++) {
        if (arguments->n_operands) {
            rc = directory_find(&plan->directory, arguments->operands[i], &plan->things[i]);
        } else {
            plan->things[i].component = plan->directory.components->components[i];
        }
    }
    return rc;
}

static int plan_limits(const struct arguments *arguments, struct follow_plan *plan)
{
    const char *limit = arguments_value(arguments, OPTION_FOR),
               *count = arguments_value(arguments, OPTION_COUNT);
    struct ugrpc_status st;
    if (limit && duration_parse(limit, &plan->for_s, &st) < 0) {
        return report_usage("--for \"%s\": %s", limit, st.message);
    }
    if (count) {
        char *end;
        plan->count = strtoul(count, &end, 10);
        if (*count < '0' || *count > '9' || *end || plan->count == 0) {
            return report_usage("--count \"%s\": a number is due, like 10", count);
        }
    }
    return 0;
}

int follow_plan_init(struct ctl *ctl, struct follow_plan *plan)
{
    *plan = (struct follow_plan){.n = 0};
    int rc = metrics_parse(&ctl->arguments, plan->metrics, ARRAY_LEN(plan->metrics), &plan->n_metrics);
    rc = rc ? rc : plan_limits(&ctl->arguments, plan);
    rc = rc ? rc : ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &plan->directory, true);
    return rc ? rc : plan_things(&ctl->arguments, plan);
}

void follow_plan_done(struct follow_plan *plan)
{
    free(plan->things);
    directory_done(&plan->directory);
}

json_t *follow_to_json(const struct named *thing, const struct sample *sample)
{
    json_t *object = must(json_pack("{s:s, s:I, s:s}", "kind", thing->component ? "component" : "sensor",
        "id", (json_int_t)named_id(thing), "name", named_name(thing)));
    sample_to_json(sample, object);
    return object;
}

/* ---- the run ---- */

struct source {
    struct follow *follow;
    size_t index;
    struct ugrpc_pending *pending; /* NULL: waits to be begun again */
    unsigned long count;
};

struct follow {
    struct ctl *ctl;
    const struct follow_plan *plan;
    const struct follow_events *events;
    void *userdata;
    struct ugrpc_loop *loop;
    struct timers timers;
    struct timer_loop *timer_loop;
    struct timer retry, limit, silence;
    int64_t last_ns, longest_ns; /* the newest sample's (0: of these streams none), and most between two */
    uv_signal_t *signals[3];
    struct source *streams;
    bool seen; /* a sample came: from now on, a gateway that is gone is waited for */
    bool away;
    int status;
};

void *follow_userdata(struct follow *follow)
{
    return follow->userdata;
}

struct timers *follow_timers(struct follow *follow)
{
    return &follow->timers;
}

struct uv_loop_s *follow_uv(struct follow *follow)
{
    return ugrpc_loop_uv(follow->loop);
}

void follow_stop(struct follow *follow, int status)
{
    follow->status = status;
    ugrpc_loop_stop(follow->loop);
}

/* Nothing has come for longer than ever: the gateway, or the way to it, has stopped without a word. */
static void on_silence(struct timer *timer, void *userdata)
{
    struct follow *follow = userdata;
    struct ugrpc_status why;
    if (!follow->away) {
        follow->away = true;
        status_set(&why, UGRPC_UNAVAILABLE, "%s has been silent for %.0f s", follow->ctl->target,
            (double)(clock_now_ns(follow->timers.clock) - follow->last_ns) / (double)NS_PER_S);
        follow->events->lost(follow, &why, follow->userdata);
    }
}

/* How long is long is learned: some sites sample seldom. */
static void expect_next(struct follow *follow)
{
    int64_t now_ns = clock_now_ns(follow->timers.clock);
    int64_t gap_ns = follow->last_ns ? now_ns - follow->last_ns : 0;
    gap_ns = gap_ns < LONGEST_GAP_NS ? gap_ns : LONGEST_GAP_NS;
    follow->longest_ns = gap_ns > follow->longest_ns ? gap_ns : follow->longest_ns;
    follow->last_ns = now_ns;
    int64_t patience_ns = 3 * follow->longest_ns;
    timer_start_in(&follow->timers, &follow->silence, patience_ns > SILENCE_NS ? patience_ns : SILENCE_NS);
}

static bool all_have_enough(const struct follow *follow)
{
    for (size_t i = 0; i < follow->plan->n; i++) {
        if (follow->streams[i].count < follow->plan->count) {
            return false;
        }
    }
    return follow->plan->count > 0;
}

static void on_sample(struct source *stream, const struct sample *sample)
{
    struct follow *follow = stream->follow;
    expect_next(follow);
    if (follow->plan->count && stream->count == follow->plan->count) {
        return;
    }
    if (follow->away) {
        follow->away = false;
        follow->events->lost(follow, NULL, follow->userdata);
    }
    follow->seen = true;
    stream->count++;
    follow->events->sample(follow, stream->index, sample, follow->userdata);
    if (all_have_enough(follow)) {
        follow_stop(follow, CTL_DONE);
    }
}

static void on_component(struct ugrpc_pending *pending,
    const microgrid_v1_receive_component_data_stream_response *message, void *userdata)
{
    on_sample(userdata, &(struct sample){.component = message->data});
}

static void on_sensor(struct ugrpc_pending *pending,
    const microgrid_v1_receive_sensor_data_stream_response *message, void *userdata)
{
    on_sample(userdata, &(struct sample){.sensor = message->data});
}

static void on_done(const struct ugrpc_status *st, void *userdata)
{
    struct source *stream = userdata;
    struct follow *follow = stream->follow;
    stream->pending = NULL;
    if (st->code != UGRPC_OK && !(st->code == UGRPC_UNAVAILABLE && follow->seen)) {
        if (follow->events->end) {
            follow->events->end(follow, follow->userdata);
        }
        follow_stop(follow, report_status(follow->ctl, st, NULL));
        return;
    }
    follow->last_ns = 0;
    timer_stop(&follow->timers, &follow->silence);
    if (!follow->away) {
        struct ugrpc_status clean = *st;
        text_clean(clean.message);
        follow->away = true;
        follow->events->lost(follow, &clean, follow->userdata);
    }
    if (!timer_running(&follow->retry)) {
        timer_start_in(&follow->timers, &follow->retry, RETRY_NS);
    }
}

static void begin(struct source *stream)
{
    struct follow *follow = stream->follow;
    const struct follow_plan *plan = follow->plan;
    const struct named *thing = &plan->things[stream->index];
    struct ugrpc_call_options options = {
        .wait_for_ready = follow->seen ? UGRPC_WAIT_YES : UGRPC_WAIT_DEFAULT,
    };
    microgrid_common_v1_metrics_metric metrics[MAX_METRICS];
    for (size_t i = 0; i < plan->n_metrics; i++) {
        metrics[i] = (microgrid_common_v1_metrics_metric)plan->metrics[i];
    }
    if (thing->component) {
        microgrid_v1_receive_component_data_stream_request request =
            MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_INIT;
        microgrid_v1_receive_component_data_stream_request_component_data_stream_filter filter =
            MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_COMPONENT_DATA_STREAM_FILTER_INIT;
        request.component_id = named_id(thing);
        filter.n_metrics = plan->n_metrics;
        filter.metrics = metrics;
        request.filter = plan->n_metrics ? &filter : NULL;
        stream->pending = microgrid_v1_receive_component_data_stream_async(
            follow->ctl->channel, &request, &options, on_component, on_done, stream);
        return;
    }
    microgrid_v1_receive_sensor_data_stream_request request =
        MICROGRID_V1_RECEIVE_SENSOR_DATA_STREAM_REQUEST_INIT;
    request.sensor_id = named_id(thing);
    stream->pending = microgrid_v1_receive_sensor_data_stream_async(
        follow->ctl->channel, &request, &options, on_sensor, on_done, stream);
}

static void on_retry(struct timer *timer, void *userdata)
{
    struct follow *follow = userdata;
    for (size_t i = 0; i < follow->plan->n; i++) {
        if (!follow->streams[i].pending) {
            begin(&follow->streams[i]);
        }
    }
}

static void on_limit(struct timer *timer, void *userdata)
{
    follow_stop(userdata, CTL_DONE);
}

static void on_signal(uv_signal_t *handle, int number)
{
    follow_stop(handle->data, CTL_DONE);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void watch_signals(struct follow *follow)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        follow->signals[i] = must(calloc(1, sizeof(uv_signal_t)));
        uv_signal_init(follow_uv(follow), follow->signals[i]);
        follow->signals[i]->data = follow;
        uv_signal_start(follow->signals[i], on_signal, numbers[i]);
    }
}

static int run(struct follow *follow)
{
    struct ugrpc_status st;
    timers_init(&follow->timers, clock_real());
    timer_init(&follow->retry, on_retry, follow);
    timer_init(&follow->limit, on_limit, follow);
    timer_init(&follow->silence, on_silence, follow);
    follow->timer_loop = timer_loop_new(follow_uv(follow), &follow->timers, &st);
    if (!follow->timer_loop) {
        return report_failed("%s", st.message);
    }
    watch_signals(follow);
    if (follow->plan->for_s > 0) {
        timer_start_in(&follow->timers, &follow->limit, (int64_t)(follow->plan->for_s * (double)NS_PER_S));
    }
    for (size_t i = 0; i < follow->plan->n; i++) {
        follow->streams[i] = (struct source){.follow = follow, .index = i};
        begin(&follow->streams[i]);
    }
    if (follow->events->begin) {
        follow->events->begin(follow, follow->userdata);
    }
    ugrpc_loop_run(follow->loop);
    if (follow->events->end) {
        follow->events->end(follow, follow->userdata);
    }
    return follow->status;
}

int follow_run(
    struct ctl *ctl, const struct follow_plan *plan, const struct follow_events *events, void *userdata)
{
    struct follow follow = {.ctl = ctl, .plan = plan, .events = events, .userdata = userdata};
    follow.loop = must(ugrpc_loop_new());
    follow.streams = must(calloc(plan->n + 1, sizeof(*follow.streams)));
    int status = ctl_connect(ctl, follow.loop);
    status = status ? status : run(&follow);
    ctl_disconnect(ctl); /* with it all streams, silently */
    for (size_t i = 0; i < ARRAY_LEN(follow.signals) && follow.signals[i]; i++) {
        uv_close((uv_handle_t *)follow.signals[i], on_closed);
    }
    timer_loop_free(follow.timer_loop);
    timers_done(&follow.timers);
    ugrpc_loop_free(follow.loop);
    free(follow.streams);
    return status;
}
