/* SPDX-License-Identifier: MIT */
/* For tests that link generated code without libugrpc: the client's half is there, but nobody may call it. */
#include <stdlib.h>

#include <ugrpc/client.h>

int ugrpc_unary(struct ugrpc_channel *channel, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const void *request, void **reply,
    const struct ugrpc_call_options *options, struct ugrpc_status *st)
{
    abort();
}

int ugrpc_unary_once(const char *target, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const void *request, void **reply,
    const struct ugrpc_channel_options *channel_options, const struct ugrpc_call_options *options,
    struct ugrpc_status *st)
{
    abort();
}

struct ugrpc_pending *ugrpc_call_reply_async(struct ugrpc_channel *channel,
    const struct ugrpc_service *service, const struct ugrpc_method *method, const void *request,
    const struct ugrpc_call_options *options, ugrpc_reply_adapter *adapter, ugrpc_any_fn *done,
    void *userdata)
{
    abort();
}

struct ugrpc_pending *ugrpc_call_stream_async(struct ugrpc_channel *channel,
    const struct ugrpc_service *service, const struct ugrpc_method *method, const void *request,
    const struct ugrpc_call_options *options, ugrpc_message_adapter *adapter, ugrpc_any_fn *on_message,
    ugrpc_done_fn *done, void *userdata)
{
    abort();
}

enum ugrpc_sent ugrpc_pending_send(struct ugrpc_pending *pending, const void *message)
{
    abort();
}

struct ugrpc_stream *ugrpc_stream_open(struct ugrpc_channel *channel, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const struct ugrpc_call_options *options)
{
    abort();
}

bool ugrpc_stream_send(struct ugrpc_stream *stream, const void *message)
{
    abort();
}

bool ugrpc_stream_next(struct ugrpc_stream *stream, const void **message)
{
    abort();
}

int ugrpc_stream_finish(struct ugrpc_stream *stream, void **reply, struct ugrpc_status *st)
{
    abort();
}
