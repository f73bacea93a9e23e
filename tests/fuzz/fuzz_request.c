/* SPDX-License-Identifier: MIT */
/* Requests of every call that the gateway has, and what happens meanwhile: a small site, behind it a device
 * that answers late or with a failure. The input is a list of steps: a byte below 128 chooses a call, the
 * next is the length of its request; one from 128 is an event, with the next two as its arguments. Each call
 * is answered once, in text that is UTF-8 and messages that can be decoded, and none is left for ever. */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/utf8.h"
#include "fake_server.h"
#include "fake_site.h"
#include "fuzz.h"
#include "microgrid/v1.h"
#include "service/fallback.h"
#include "service/service.h"
#include "service/v1/microgrid_v1.h"
#include "service/v1alpha/microgrid_v1alpha.h"
#include "service/v1alpha/wire.h"
#include "ugrpc/decode.h"

#define MAX_STEPS 48
#define SHORT     240   /* requests shorter than that have just their length */
#define LIMIT_MS  31000 /* of a sequence, and a little more */
#define ROOM      4     /* messages that a stream takes until its client reads */

struct fixture {
    struct fake_site *fake;
    struct service *service;
    struct ugrpc_server *server;
    struct ugrpc_call *calls[MAX_STEPS];
    size_t n_calls;
};

static void set_up(struct fixture *f, bool read_only)
{
    static const struct sensor_spec spec = {
        .id = 101, .name = "thermometer", .type = SENSOR_THERMOMETER, .interval_ns = NS_PER_S};
    const struct service_options options = {.read_only = read_only};
    f->fake = fake_site_new();
    struct sensor *sensor = site_add_sensor(f->fake->site, &spec, NULL);
    assert(sensor);
    sensor->device = &f->fake->device.base;
    f->service = service_new(f->fake->site, &options, NULL);
    f->server = fake_server_new();
    int rc = service_add_fallback(f->service, f->server, NULL);
    rc += service_v1_add(f->service, f->server, NULL);
    rc += service_v1alpha_add(f->service, f->server, NULL);
    rc += ugrpc_server_add_health(f->server, NULL);
    rc += ugrpc_server_add_reflection(f->server, NULL);
    assert(rc == 0);
}

/* ---- calls ---- */

/* Bounds are ascending, apart and finite. */
static void check_bounds(const microgrid_common_v1_metrics_metric_sample *sample)
{
    for (size_t i = 0; i < sample->n_bounds; i++) {
        assert(sample->bounds[i]->lower <= sample->bounds[i]->upper);
        assert(isfinite(sample->bounds[i]->lower) && isfinite(sample->bounds[i]->upper));
        assert(i == 0 || sample->bounds[i - 1]->upper < sample->bounds[i]->lower);
    }
}

/* A set-point is accepted, then it comes to one end, and the call with it. */
static void check_power(const struct ugrpc_call *call, size_t index, const alpha_power_response *reply)
{
    bool accepted = reply->status == ALPHA_POWER_STATUS(ACCEPTED);
    bool ended = reply->status == ALPHA_POWER_STATUS(SUCCESS) ||
                 reply->status == ALPHA_POWER_STATUS(FAILED) ||
                 reply->status == ALPHA_POWER_STATUS(OVERRIDDEN);
    assert(index == 0 ? accepted : ended);
    assert(call->n_sent == 1 ? !call->finished || call->cancelled : call->finished && call->n_sent == 2);
}

static void check_message(const struct ugrpc_call *call, size_t index, const ProtobufCMessage *message)
{
    if (message->descriptor == &microgrid__v1__receive_component_data_stream_response__descriptor) {
        const microgrid_v1_receive_component_data_stream_response *reply = (const void *)message;
        for (size_t i = 0; i < reply->data->n_metric_samples; i++) {
            check_bounds(reply->data->metric_samples[i]);
        }
    } else if (message->descriptor ==
               &microgrid__v1alpha18__set_electrical_component_power_response__descriptor) {
        check_power(call, index, (const void *)message);
    }
}

static void check_sent(const struct ugrpc_call *call)
{
    for (size_t i = 0; i < call->n_sent; i++) {
        struct arena arena = {0};
        const ProtobufCMessage *message = decode_message(
            call->info->reply, call->sent[i]->data, call->sent[i]->len, &arena, NULL);
        assert(message);
        check_message(call, i, message);
        arena_done(&arena);
    }
}

static void check_call(const struct ugrpc_call *call)
{
    const char *text = call->status.message;
    assert(call->status.code <= UGRPC_UNAUTHENTICATED);
    assert(utf8_valid(text, strlen(text)));
    assert((call->status.code == UGRPC_OK) == (text[0] == '\0'));
    if (call->info) {
        check_sent(call);
    }
    if (call->finished && call->info && call->info->kind == UGRPC_UNARY) {
        assert(call->n_sent == (call->status.code == UGRPC_OK ? 1 : 0));
    }
}

/* The index-th method of all services, over and over; behind them one of another version. */
static void choose_method(const struct ugrpc_server *server, size_t index, char *path, size_t cap)
{
    const struct ugrpc_service *service;
    size_t n = 1;
    for (size_t i = 0; (service = ugrpc_server_service(server, i)); i++) {
        n += service->n_methods;
    }
    index %= n;
    snprintf(path, cap, "/frequenz.api.microgrid.v1alpha17.Microgrid/ListComponents");
    for (size_t i = 0; (service = ugrpc_server_service(server, i)); i++) {
        if (index < service->n_methods) {
            snprintf(path, cap, "/%s/%s", service->name, service->methods[index].name);
            return;
        }
        index -= service->n_methods;
    }
}

static void make_call(struct fixture *f, size_t method, struct input request)
{
    char path[128];
    choose_method(f->server, method, path, sizeof(path));
    uint8_t *exact = input_copy(request);
    struct ugrpc_call *call = fake_call_bytes(f->server, path, exact, request.len);
    free(exact);
    call->room = ROOM;
    f->calls[f->n_calls++] = call;
}

/* ---- events ---- */

static void answer_one(struct fake_site *fake, uint8_t which, uint8_t code)
{
    for (size_t i = 0; i < fake->device.n; i++) {
        if (fake->device.orders[i].done && which-- == 0) {
            fake_finish(&fake->device.orders[i], code % (UGRPC_UNAUTHENTICATED + 1));
            timers_run(&fake->timers);
            return;
        }
    }
}

static void report(struct fake_site *fake, uint8_t which, uint8_t what)
{
    struct component *component = fake->site->components[which % 16 % fake->site->n_components];
    double value = ((int)what - 128) * 200;
    switch (which / 16 % 5) {
    case 0:
        fake_report_state(component, STATE_BIT(what % STATE_COUNT));
        break;
    case 1:
        fake_report_error(component, what % ERROR_COUNT, what & 128);
        break;
    case 2:
        fake_report_reading(component, METRIC_BATTERY_SOC_PCT, what);
        break;
    case 3:
        fake_report_reading(component, METRIC_AC_ACTIVE_POWER, value);
        break;
    default:
        fake_report_momentary(component, BOUNDED_ACTIVE, -fabs(value), value);
    }
}

static void happen(struct fixture *f, uint8_t event, uint8_t a, uint8_t b)
{
    struct ugrpc_call *call = f->n_calls ? f->calls[a % f->n_calls] : NULL;
    switch (event % 8) {
    case 0:
        fake_pass_ms(f->fake, 50 * a);
        break;
    case 1:
        fake_silence_ms(f->fake, 50 * a);
        break;
    case 2:
        fake_finish_all(f->fake);
        break;
    case 3:
        answer_one(f->fake, a, b);
        break;
    case 4:
        report(f->fake, a, b);
        break;
    case 5:
        if (call) {
            fake_call_cancel(call);
        }
        break;
    case 6:
        if (call && call->n_sent + ROOM <= FAKE_MAX) {
            fake_call_make_room(call, ROOM);
        }
        break;
    default:
        fake_server_set_peer(f->server, "[::1]:50000", a, a % 2 ? "key ems" : "");
        fake_server_set_serving(f->server, b % 2);
    }
}

/* ---- all together ---- */

static bool awaits_answer(const struct ugrpc_call *call)
{
    bool streams = call->info && call->info->kind == UGRPC_SERVER_STREAMING;
    return !call->finished && (!streams || call->cancelled);
}

static size_t awaited(const struct fixture *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_calls; i++) {
        n += awaits_answer(f->calls[i]);
    }
    return n;
}

/* The device's answers end every call but streams, or else the limit of time of a sequence does. */
static void expect_answers(struct fixture *f)
{
    while (fake_unanswered(f->fake)) {
        fake_finish_all(f->fake);
    }
    if (awaited(f)) {
        fake_pass_ms(f->fake, LIMIT_MS);
    }
    assert(awaited(f) == 0);
}

static void tear_down(struct fixture *f)
{
    for (size_t i = 0; i < f->n_calls; i++) {
        check_call(f->calls[i]);
        fake_call_free(f->calls[i]);
    }
    fake_server_free(f->server);
    service_free(f->service);
    fake_site_free(f->fake);
    assert(fake_messages == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct fixture f = {0};
    set_up(&f, input_byte(&in) == 255);
    for (int i = 0; i < MAX_STEPS && in.len > 0; i++) {
        uint8_t step = input_byte(&in), a = input_byte(&in);
        if (step < 128) {
            make_call(&f, step, input_take(&in, a < SHORT ? a : (a - SHORT + 1) * 256u));
        } else {
            happen(&f, step, a, input_byte(&in));
        }
    }
    expect_answers(&f);
    tear_down(&f);
    return 0;
}
