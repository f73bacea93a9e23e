/* SPDX-License-Identifier: MIT */
/* A gRPC client with blocking calls. usage: greeter-client [NAME [TARGET]], by default 127.0.0.1:50052. */
#include <stdio.h>

#include <ugrpc/ugrpc.h>

#include "greeter.ugrpc.h"

static int say_hello(struct ugrpc_channel *channel, const greeter_hello_request *req, struct ugrpc_status *st)
{
    const struct ugrpc_call_options options = {.timeout_ms = 5000};
    greeter_hello_reply *reply;
    if (greeter_say_hello(channel, req, &reply, &options, st) != 0) {
        return -1;
    }
    printf("%s\n", reply->message);
    greeter_hello_reply_free(reply);
    return 0;
}

static int say_hello_often(
    struct ugrpc_channel *channel, const greeter_hello_request *req, struct ugrpc_status *st)
{
    const greeter_hello_reply *reply;
    struct ugrpc_stream *stream = greeter_say_hello_often_open(channel, req, NULL);
    while (greeter_say_hello_often_next(stream, &reply)) {
        printf("%s\n", reply->message);
    }
    return ugrpc_stream_close(stream, st); /* tells how it ended */
}

int main(int argc, char **argv)
{
    const struct ugrpc_channel_options options = {.insecure = true}; /* plain text: said, never assumed */
    greeter_hello_request request = GREETER_HELLO_REQUEST_INIT;
    struct ugrpc_status st;
    struct ugrpc_channel *channel = ugrpc_channel_new(
        NULL, argc > 2 ? argv[2] : "127.0.0.1:50052", &options, &st);
    request.name = argc > 1 ? argv[1] : "world";
    request.times = 3;
    int rc = !channel || say_hello(channel, &request, &st) != 0 ||
             say_hello_often(channel, &request, &st) != 0;
    if (rc) {
        fprintf(stderr, "greeter-client: %s\n", st.message);
    }
    ugrpc_channel_free(channel);
    return rc;
}
