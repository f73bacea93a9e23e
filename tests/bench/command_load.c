/* SPDX-License-Identifier: MIT */
/* Set-points at a fixed rate, each of another value, and how long their answers take; beside that, how long
 * the disk takes for a small durable write, just before and just after.
 *
 *     command_load TARGET FIRST_ID STEP N RATE SECONDS LIFETIME_S FOLDER
 *
 * commands N components, FIRST_ID, FIRST_ID + STEP and so on, in turn. FOLDER is on the disk in question. */
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>

#define WRITES 100 /* before, and after */

struct command {
    int64_t sent_ns;
    struct load *load;
};

struct load {
    struct command *commands;
    double *took_ms;
    uint64_t lifetime_s;
    size_t n, answered, failed;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void on_done(const struct ugrpc_status *st,
    const microgrid_v1_set_component_power_active_response *reply, void *userdata)
{
    const struct command *command = userdata;
    struct load *load = command->load;
    if (st->code != UGRPC_OK && load->failed++ == 0) {
        fprintf(stderr, "command_load: %s\n", st->message);
    }
    load->took_ms[load->answered++] = (double)(now_ns() - command->sent_ns) / 1e6;
}

static void send(struct load *load, struct ugrpc_channel *channel, size_t index, uint64_t id)
{
    static const struct ugrpc_call_options options = {.timeout_ms = 30000};
    microgrid_v1_set_component_power_active_request request =
        MICROGRID_V1_SET_COMPONENT_POWER_ACTIVE_REQUEST_INIT;
    request.component_id = id;
    request.power = (float)(1000 + index % 7919);
    microgrid_v1_set_component_power_active_request_set_request_lifetime(&request, load->lifetime_s);
    load->commands[index] = (struct command){now_ns(), load};
    microgrid_v1_set_component_power_active_async(
        channel, &request, &options, on_done, &load->commands[index]);
}

/* Turns the loop until `until_ns`, or until something has happened. */
static void turn(struct ugrpc_loop *loop, int64_t until_ns)
{
    int64_t left_ns = until_ns - now_ns();
    int timeout_ms = ugrpc_loop_timeout_ms(loop);
    struct pollfd fd = {.fd = ugrpc_loop_fd(loop), .events = POLLIN};
    if (timeout_ms >= 0 && timeout_ms * 1000000LL < left_ns) {
        left_ns = timeout_ms * 1000000LL;
    }
    left_ns = left_ns < 0 ? 0 : left_ns;
    ppoll(&fd, 1, &(struct timespec){left_ns / 1000000000, left_ns % 1000000000}, NULL);
    ugrpc_loop_turn(loop);
}

static void run(struct load *load, struct ugrpc_loop *loop, struct ugrpc_channel *channel, uint64_t first_id,
    uint64_t step, uint64_t n, double rate)
{
    int64_t start_ns = now_ns(), give_up_ns = INT64_MAX;
    size_t sent = 0;
    while (load->answered < load->n && now_ns() < give_up_ns) {
        int64_t due_ns = start_ns + (int64_t)((double)sent * 1e9 / rate);
        if (sent < load->n && now_ns() >= due_ns) {
            send(load, channel, sent, first_id + sent % n * step);
            sent++;
            give_up_ns = now_ns() + 40000000000LL;
        } else {
            turn(loop, sent < load->n ? due_ns : now_ns() + 1000000000);
        }
    }
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static double quantile(double *values, size_t n, double part)
{
    qsort(values, n, sizeof(*values), compare);
    return n ? values[(size_t)((double)(n - 1) * part)] : NAN;
}

/* What a commit of the journal is to the disk: a kilobyte or three behind what is there, and fsync(). */
static int write_small(const char *folder, double *took_ms)
{
    char path[4096], bytes[2048] = "";
    snprintf(path, sizeof(path), "%s/fsync.bench", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (int i = 0; i < WRITES && fd >= 0; i++) {
        int64_t start_ns = now_ns();
        if (write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes) || fsync(fd) != 0) {
            break;
        }
        took_ms[i] = (double)(now_ns() - start_ns) / 1e6;
    }
    unlink(path);
    return fd < 0 || close(fd) != 0;
}

int main(int argc, char **argv)
{
    const struct ugrpc_channel_options options = {.insecure = true};
    struct ugrpc_status st = {0};
    struct load load = {0};
    double writes_ms[2 * WRITES];
    if (argc != 9) {
        fprintf(stderr, "usage: command_load TARGET FIRST_ID STEP N RATE SECONDS LIFETIME_S FOLDER\n");
        return 2;
    }
    struct ugrpc_loop *loop = ugrpc_loop_new();
    struct ugrpc_channel *channel = ugrpc_channel_new(loop, argv[1], &options, &st);
    if (!channel || write_small(argv[8], writes_ms)) {
        fprintf(stderr, "command_load: %s\n", channel ? argv[8] : st.message);
        return 1;
    }
    load.n = (size_t)(atof(argv[5]) * atof(argv[6]));
    load.lifetime_s = strtoull(argv[7], NULL, 10);
    load.commands = calloc(load.n + 1, sizeof(*load.commands));
    load.took_ms = calloc(load.n + 1, sizeof(*load.took_ms));
    run(&load, loop, channel, strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10),
        strtoull(argv[4], NULL, 10), atof(argv[5]));
    int rc = load.failed || load.answered < load.n || write_small(argv[8], writes_ms + WRITES);
    if (!rc) {
        printf("{\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"fsync_ms\": %.3f}\n",
            quantile(load.took_ms, load.answered, 0.5), quantile(load.took_ms, load.answered, 0.99),
            quantile(writes_ms, 2 * WRITES, 0.5));
    } else {
        fprintf(
            stderr, "command_load: %zu of %zu answered, %zu failed\n", load.answered, load.n, load.failed);
    }
    ugrpc_channel_free(channel);
    ugrpc_loop_free(loop);
    free(load.commands);
    free(load.took_ms);
    return rc;
}
