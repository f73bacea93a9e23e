/* SPDX-License-Identifier: MIT */
#include "fake_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/fallback.h"
#include "service/service.h"

static void on_note(const char *text, void *userdata)
{
    struct fake_service *f = userdata;
    assert_true(f->n_notes < ARRAY_LEN(f->notes));
    snprintf(f->notes[f->n_notes++], sizeof(f->notes[0]), "%s", text);
}

static void add_sensor(struct fake_site *fake)
{
    const struct sensor_spec spec = {
        .id = 101,
        .name = "thermometer",
        .type = SENSOR_THERMOMETER,
        .manufacturer = "Acme",
        .model_name = "T1",
        .lifetime_start_utc_ns = 1700000000 * NS_PER_S,
        .interval_ns = NS_PER_S,
    };
    struct sensor *sensor = site_add_sensor(fake->site, &spec, NULL);
    assert_non_null(sensor);
    sensor->device = &fake->device.base;
}

struct fake_service *fake_service_new(const char *api, bool read_only,
    int (*add)(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st))
{
    struct fake_service *f = calloc(1, sizeof(*f));
    const struct service_options options = {.read_only = read_only, .note = on_note, .note_userdata = f};
    f->api = api;
    f->fake = fake_site_new();
    add_sensor(f->fake);
    f->service = service_new(f->fake->site, &options, NULL);
    f->server = fake_server_new();
    assert_int_equal(service_add_fallback(f->service, f->server, NULL), 0);
    assert_int_equal(add(f->service, f->server, NULL), 0);
    return f;
}

void fake_service_free(struct fake_service *f)
{
    for (size_t i = 0; i < f->n_calls; i++) {
        fake_call_free(f->calls[i]);
    }
    fake_server_free(f->server);
    service_free(f->service);
    fake_site_free(f->fake);
    assert_int_equal(fake_messages, 0);
    free(f);
}

static struct ugrpc_call *keep(struct fake_service *f, struct ugrpc_call *call)
{
    assert_true(f->n_calls < ARRAY_LEN(f->calls));
    return f->calls[f->n_calls++] = call;
}

static const char *path_of(const struct fake_service *f, const char *method, char *out, size_t cap)
{
    snprintf(out, cap, "%s%s", f->api, method);
    return out;
}

struct ugrpc_call *fake_ask(struct fake_service *f, const char *method, const void *request)
{
    char path[128];
    return keep(f, fake_call(f->server, path_of(f, method, path, sizeof(path)), request));
}

struct ugrpc_call *fake_ask_bytes(struct fake_service *f, const char *method, const void *data, size_t len)
{
    char path[128];
    return keep(f, fake_call_bytes(f->server, path_of(f, method, path, sizeof(path)), data, len));
}

struct ugrpc_call *fake_ask_path(struct fake_service *f, const char *path)
{
    return keep(f, fake_call_bytes(f->server, path, NULL, 0));
}

static void *message_of(const struct ugrpc_call *call, size_t index)
{
    void *message = fake_call_message(call, index);
    assert_non_null(message);
    return message;
}

void *fake_reply(const struct ugrpc_call *call)
{
    assert_true(call->finished);
    assert_string_equal(call->status.message, "");
    assert_int_equal(call->n_sent, 1);
    return message_of(call, 0);
}

void *fake_newest(const struct ugrpc_call *call)
{
    assert_false(call->finished);
    assert_true(call->n_sent > 0);
    return message_of(call, call->n_sent - 1);
}

void fake_release(void *message)
{
    protobuf_c_message_free_unpacked(message, NULL);
}

void assert_refused(const struct ugrpc_call *call, enum ugrpc_code code, ...)
{
    va_list parts;
    va_start(parts, code);
    assert_true(call->finished);
    assert_int_equal(call->n_sent, 0);
    assert_string_equal(ugrpc_code_name(call->status.code), ugrpc_code_name(code));
    for (const char *part; (part = va_arg(parts, const char *));) {
        if (!strstr(call->status.message, part)) {
            fail_msg("\"%s\" is not in \"%s\"", part, call->status.message);
        }
    }
    va_end(parts);
}
