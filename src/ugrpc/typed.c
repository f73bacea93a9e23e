/* SPDX-License-Identifier: MIT */
/* Calls as generated code makes them. Where a callback has types of its own, only its adapter knows them. */
#include "ugrpc/pending.h"

static void on_reply(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    const struct typed *typed = &pending->typed;
    typed->reply(typed->fn, st, st->code == UGRPC_OK ? pending->reply : NULL, typed->userdata);
}

static void on_message(struct ugrpc_pending *pending, const void *message, void *userdata)
{
    const struct typed *typed = &pending->typed;
    if (typed->fn) {
        typed->message(typed->fn, pending, message, typed->userdata);
    }
}

static void on_done(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    pending->typed.done(st, pending->typed.userdata);
}

static struct ugrpc_pending *begin(struct ugrpc_channel *channel, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const void *request, const struct ugrpc_call_options *options,
    const struct ugrpc_pending_events *events, const struct typed *typed)
{
    struct ugrpc_pending *pending = ugrpc_pending_new(channel, service, method, options, events, NULL);
    pending->typed = *typed;
    if (request) {
        ugrpc_pending_send(pending, request);
    }
    return pending;
}

struct ugrpc_pending *ugrpc_call_reply_async(struct ugrpc_channel *channel,
    const struct ugrpc_service *service, const struct ugrpc_method *method, const void *request,
    const struct ugrpc_call_options *options, ugrpc_reply_adapter *adapter, ugrpc_any_fn *done,
    void *userdata)
{
    static const struct ugrpc_pending_events events = {.done = on_reply};
    const struct typed typed = {.fn = done, .reply = adapter, .userdata = userdata};
    return begin(channel, service, method, request, options, &events, &typed);
}

struct ugrpc_pending *ugrpc_call_stream_async(struct ugrpc_channel *channel,
    const struct ugrpc_service *service, const struct ugrpc_method *method, const void *request,
    const struct ugrpc_call_options *options, ugrpc_message_adapter *adapter, ugrpc_any_fn *message_fn,
    ugrpc_done_fn *done, void *userdata)
{
    static const struct ugrpc_pending_events events = {.message = on_message, .done = on_done};
    const struct typed typed = {.fn = message_fn, .message = adapter, .done = done, .userdata = userdata};
    return begin(channel, service, method, request, options, &events, &typed);
}
