/* SPDX-License-Identifier: MIT */
/* A program on the installed library, with functions of its own that are called as some inside the library.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ugrpc/ugrpc.h>

#include "clock.ugrpc.h"

#define OWN(name)                                                                                            \
    void name(void);                                                                                         \
    void name(void)                                                                                          \
    {                                                                                                        \
        fputs("the library has called the program's own " #name "()\n", stderr);                             \
        abort();                                                                                             \
    }
OWN(address_parse)
OWN(arena_alloc)
OWN(buffer_append)
OWN(buffer_reserve)
OWN(call_free)
OWN(decode_message)
OWN(listener_new)
OWN(log_enabled)
OWN(log_write)
OWN(session_accept)
OWN(stream_open)
OWN(timer_start_in)
OWN(utf8_valid)

static void now(struct ugrpc_call *call, const clock_now_request *req, void *userdata)
{
    ugrpc_protobuf_timestamp reply = UGRPC_PROTOBUF_TIMESTAMP_INIT;
    clock_now_reply(call, &reply);
}

static void note_done(void *userdata)
{
    *(int *)userdata = 1;
}

/* That it serves is told by what it answers to the wrong protocol, for which no client is needed. */
static int ask(struct ugrpc_loop *loop, const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char answer[64] = "";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_port = htons((in_port_t)atoi(strrchr(address, ':') + 1));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        write(fd, "GET / HTTP/1.1\r\n\r\n", 18) != 18) {
        perror("connect");
        return 1;
    }
    while (recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT) < 0) {
        ugrpc_loop_turn(loop);
    }
    close(fd);
    return strncmp(answer, "HTTP/1.1 400", 12) != 0;
}

int main(void)
{
    static const struct clock_servicer servicer = {.now = now};
    struct ugrpc_status st = {0};
    int done = 0;
    struct ugrpc_loop *loop = ugrpc_loop_new();
    struct ugrpc_server *server = ugrpc_server_new(loop, NULL, &st);
    if (!server || clock_add_servicer_to_server(server, &servicer, NULL) != 0 ||
        ugrpc_server_add_health(server, &st) != 0 || ugrpc_server_add_reflection(server, &st) != 0 ||
        ugrpc_server_listen(server, "127.0.0.1:0", NULL, &st) != 0 || ugrpc_server_start(server, &st) != 0 ||
        ask(loop, ugrpc_server_address(server, 0)) != 0) {
        fprintf(stderr, "%s\n", st.message);
        return 1;
    }
    ugrpc_server_shutdown(server, 0, note_done, &done);
    ugrpc_loop_run(loop);
    ugrpc_server_free(server);
    ugrpc_loop_free(loop);
    printf("libugrpc %s\n", ugrpc_version());
    return !done;
}
