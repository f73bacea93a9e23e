/* SPDX-License-Identifier: MIT */
/* A gRPC server. usage: greeter-server [ADDRESS], by default 127.0.0.1:50052; prints where it listens. */
#include <stdio.h>

#include <ugrpc/ugrpc.h>

#include "greeter.ugrpc.h"

static void greet(char text[128], const greeter_hello_request *req)
{
    snprintf(text, 128, "Hello, %s!", *req->name ? req->name : "whoever you are");
}

/* A handler may answer at once, as this one does, or keep the call and answer later from the loop. */
static void say_hello(struct ugrpc_call *call, const greeter_hello_request *req, void *userdata)
{
    greeter_hello_reply reply = GREETER_HELLO_REPLY_INIT;
    char text[128];
    greet(text, req);
    reply.message = text;
    greeter_say_hello_reply(call, &reply);
}

static void say_hello_often(struct ugrpc_call *call, const greeter_hello_request *req, void *userdata)
{
    greeter_hello_reply reply = GREETER_HELLO_REPLY_INIT;
    char text[128];
    if (req->times > 100) {
        ugrpc_call_fail(call, UGRPC_OUT_OF_RANGE, "times is %u, at most 100 are said", req->times);
        return;
    }
    greet(text, req);
    reply.message = text;
    for (uint32_t i = 0; i < req->times; i++) {
        ugrpc_call_send(call, &reply.base);
    }
    ugrpc_call_end(call);
}

static const struct greeter_servicer servicer = {.say_hello = say_hello, .say_hello_often = say_hello_often};

int main(int argc, char **argv)
{
    struct ugrpc_status st;
    struct ugrpc_loop *loop = ugrpc_loop_new();
    struct ugrpc_server *server = ugrpc_server_new(loop, NULL, &st);
    if (!server || greeter_add_servicer_to_server(server, &servicer, NULL) != 0 ||
        ugrpc_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:50052", NULL, &st) != 0 ||
        ugrpc_server_start(server, &st) != 0) {
        fprintf(stderr, "greeter-server: %s\n", st.message);
        return 1;
    }
    printf("%s\n", ugrpc_server_address(server, 0));
    fflush(stdout);
    ugrpc_loop_run(loop);
    ugrpc_server_free(server);
    ugrpc_loop_free(loop);
    return 0;
}
