/* SPDX-License-Identifier: MIT */
#include "support/echo_service.h"

#include <stdio.h>
#include <string.h>

static struct ugrpc_message *message_of(const void *data, size_t len)
{
    uint8_t *to;
    struct ugrpc_message *message = ugrpc_message_new(len, &to);
    memcpy(to, data, len);
    return message;
}

static void reply(struct ugrpc_call *call, const void *data, size_t len)
{
    struct ugrpc_message *message = message_of(data, len);
    ugrpc_call_reply_message(call, message);
    ugrpc_message_unref(message);
}

static void unary(struct ugrpc_call *call, const void *request, const void *servicer, void *userdata)
{
    const struct ugrpc_bytes *bytes = request;
    struct echo *e = userdata;
    e->messages++;
    reply(call, bytes->data, bytes->len);
}

static void on_cancel(struct ugrpc_call *call, void *userdata)
{
    struct echo *e = userdata;
    e->cancels++;
    if (call == e->held) {
        e->held = NULL;
    }
    ugrpc_call_end(call);
}

static void on_ready(struct ugrpc_call *call, void *userdata)
{
    struct echo *e = userdata;
    e->readies++;
}

static void hold(struct ugrpc_call *call, const void *request, const void *servicer, void *userdata)
{
    struct echo *e = userdata;
    e->held = call;
    e->held_calls++;
    ugrpc_call_watch(call, &e->events, e);
}

static void count_begin(struct ugrpc_call *call, const void *request, const void *servicer, void *userdata)
{
    struct echo *e = userdata;
    e->held = call;
    e->messages = 0;
    e->bytes = 0;
    ugrpc_call_watch(call, &e->events, e);
}

static void count_message(struct ugrpc_call *call, const void *message, const void *servicer, void *userdata)
{
    struct echo *e = userdata;
    e->messages++;
    e->bytes += ((const struct ugrpc_bytes *)message)->len;
}

static void count_end(struct ugrpc_call *call, const void *servicer, void *userdata)
{
    struct echo *e = userdata;
    char text[32];
    int len = snprintf(text, sizeof(text), "%u", e->messages);
    e->held = NULL;
    reply(call, text, (size_t)len);
}

static void chat_message(struct ugrpc_call *call, const void *message, const void *servicer, void *userdata)
{
    const struct ugrpc_bytes *bytes = message;
    struct ugrpc_message *back = message_of(bytes->data, bytes->len);
    ((struct echo *)userdata)->last_sent = ugrpc_call_send_message(call, back);
    ugrpc_message_unref(back);
}

static void chat_end(struct ugrpc_call *call, const void *servicer, void *userdata)
{
    struct echo *e = userdata;
    e->ends++;
    e->held = NULL;
    ugrpc_call_end(call);
}

static void metadata(struct ugrpc_call *call, const void *request, const void *servicer, void *userdata)
{
    const char *key;
    struct ugrpc_bytes value;
    for (size_t i = 0; ugrpc_call_metadata_at(call, i, &key, &value); i++) {
        int rc = ugrpc_call_set_initial(call, key, value.data, value.len);
        rc += ugrpc_call_set_trailing(call, key, value.data, value.len);
        if (strcmp(key, "x-details-bin") == 0) {
            rc += ugrpc_call_set_trailing(call, "grpc-status-details-bin", value.data, value.len);
        }
        (void)rc; /* what may not be sent is missing in the reply */
    }
    reply(call, ugrpc_call_identity(call) ? ugrpc_call_identity(call) : "", 0);
}

static const struct ugrpc_method methods[] = {
    {"Unary", UGRPC_UNARY},
    {"Hold", UGRPC_UNARY},
    {"Watch", UGRPC_SERVER_STREAMING},
    {"Count", UGRPC_CLIENT_STREAMING},
    {"Chat", UGRPC_BIDI_STREAMING},
    {"Metadata", UGRPC_UNARY},
};

const struct ugrpc_service echo_service = {
    .name = "test.Echo", .methods = methods, .n_methods = sizeof(methods) / sizeof(methods[0])};

const struct ugrpc_handler echo_handlers[] = {
    {.begin = unary},
    {.begin = hold},
    {.begin = hold},
    {.begin = count_begin, .message = count_message, .end = count_end},
    {.begin = count_begin, .message = chat_message, .end = chat_end},
    {.begin = metadata},
};

void echo_init(struct echo *e)
{
    *e = (struct echo){.events = {on_ready, on_cancel}};
}

struct ugrpc_message *message_of_size(size_t len)
{
    uint8_t *data;
    struct ugrpc_message *message = ugrpc_message_new(len, &data);
    memset(data, 'm', len);
    return message;
}

void echo_let_go(struct echo *e)
{
    struct ugrpc_call *call = e->held;
    e->held = NULL;
    ugrpc_call_fail(call, UGRPC_ABORTED, "let go");
}

bool echo_was_cancelled(void *echo)
{
    return ((const struct echo *)echo)->cancels > 0;
}
