/* SPDX-License-Identifier: MIT */
/* libugrpc inside a plain epoll loop, beside other descriptors: watches a component until Ctrl-C, which here
 * is one of them. usage: epoll COMPONENT_ID [TARGET], by default 127.0.0.1:50051. Built with
 *
 *     cc -o epoll epoll.c $(pkg-config --cflags --libs libmicrogrid) */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>

static void on_message(struct ugrpc_pending *pending,
    const microgrid_v1_receive_component_data_stream_response *message, void *userdata)
{
    if (message->data) {
        printf("%" PRIu64 ": %zu metrics\n", message->data->component_id, message->data->n_metric_samples);
        fflush(stdout);
    }
}

static void on_done(const struct ugrpc_status *st, void *userdata)
{
    fprintf(stderr, "epoll: %s\n", st->message);
    *(bool *)userdata = true;
}

static int signals(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void add(int epoll, int fd)
{
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
}

int main(int argc, char **argv)
{
    const struct ugrpc_channel_options options = {.insecure = true};
    microgrid_v1_receive_component_data_stream_request request =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_INIT;
    struct ugrpc_status st;
    char *end;
    if (argc < 2 || (request.component_id = strtoull(argv[1], &end, 10)) == 0 || *end) {
        fprintf(stderr, "usage: epoll COMPONENT_ID [TARGET]\n");
        return 2;
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC), interrupted = signals(SIGINT);
    struct ugrpc_loop *loop = ugrpc_loop_new();
    struct ugrpc_channel *channel = ugrpc_channel_new(
        loop, argc > 2 ? argv[2] : "127.0.0.1:50051", &options, &st);
    if (!channel) {
        fprintf(stderr, "epoll: %s\n", st.message);
        return 2;
    }
    bool over = false;
    microgrid_v1_receive_component_data_stream_async(channel, &request, NULL, on_message, on_done, &over);

    add(epoll, interrupted);
    add(epoll, ugrpc_loop_fd(loop));
    while (!over) {
        struct epoll_event event = {0};
        epoll_wait(epoll, &event, 1, ugrpc_loop_timeout_ms(loop)); /* asked anew each time */
        if (event.data.fd == interrupted) {
            break;
        }
        ugrpc_loop_turn(loop); /* also when it was only the time that came */
    }
    ugrpc_channel_free(channel);
    ugrpc_loop_free(loop);
    close(epoll);
    close(interrupted);
    return over;
}
