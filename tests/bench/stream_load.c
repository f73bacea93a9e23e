/* SPDX-License-Identifier: MIT */
/* Opens many telemetry streams on a few connections, each with a filter for 40 AC metrics, reads them for a
 * while and tells how many messages came, how old they were on arrival (the sample's own timestamp against
 * this machine's clock) and what CPU time and memory the server took meanwhile. One JSON line on stdout. For
 * ./dev bench; speaks HTTP/2 by nghttp2 alone, so that it measures the server and not our own client.
 *
 *   stream_load --port 50051 --streams 1000 --connections 10 --seconds 5 --ids 1-10 --pid PID [--idle]
 *   stream_load --port 50051 --first-reply PROGRAM ARGUMENT...
 *   stream_load --run PROGRAM ARGUMENT...
 *
 * The second starts it and tells how long its first reply took; the third how long it took, and the most
 * memory that it held. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define OCTAVE          16 /* delay buckets: 16 an octave from 1 µs up, 4 % each */
#define DELAY_BUCKETS   (32 * OCTAVE)
#define TIME_LIMIT_S    10 /* for what is not told how long it may take */

struct options {
    int port, streams, connections, first_id, last_id, pid;
    double seconds;
    bool idle, first_reply, run;
};

struct connection {
    int fd;
    nghttp2_session *session;
};

/* One stream's message while it arrives. */
struct stream {
    uint8_t request[64];
    size_t request_len, request_sent;
    uint8_t *message;
    size_t len, cap;
    bool any;
};

static struct {
    struct options options;
    struct stream *streams;
    bool counting;
    uint64_t messages, bytes, ended, answered;
    uint64_t delays[DELAY_BUCKETS];
} load;

static double now_s(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The server, from /proc. */

static double server_cpu_s(int pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) {
        return 0;
    }
    size_t n = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[n] = '\0';
    const char *after_name = strrchr(line, ')');
    unsigned long user = 0, system = 0;
    if (!after_name ||
        sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
        return 0;
    }
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long server_rss_kb(int pid)
{
    char path[64], line[256];
    long rss_kb = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "VmRSS: %ld", &rss_kb) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return rss_kb;
}

/* The sample's time: field 1 of the first field 2 of field 1, a Timestamp. */

static uint64_t get_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;
    for (int shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return value;
}

/* Finds the first length-delimited field `number`; narrows [*at, *end) to it. */
static bool enter_field(const uint8_t **at, const uint8_t **end, unsigned number)
{
    while (*at < *end) {
        uint64_t tag = get_varint(at, *end);
        uint64_t len = (tag & 7) == 2 ? get_varint(at, *end) : 0;
        if ((tag & 7) == 0) {
            get_varint(at, *end);
        } else if ((tag & 7) == 5 || (tag & 7) == 1) {
            len = (tag & 7) == 5 ? 4 : 8;
        }
        if (len > (uint64_t)(*end - *at)) {
            return false;
        }
        if (tag == (uint64_t)(number << 3 | 2)) {
            *end = *at + len;
            return true;
        }
        *at += len;
    }
    return false;
}

static double sample_time_s(const uint8_t *message, size_t len)
{
    const uint8_t *at = message, *end = message + len;
    if (!enter_field(&at, &end, 1) || !enter_field(&at, &end, 2) || !enter_field(&at, &end, 1)) {
        return 0;
    }
    double seconds = 0;
    while (at < end) {
        uint64_t tag = get_varint(&at, end);
        uint64_t value = get_varint(&at, end);
        seconds += tag == 8 ? (double)value : (double)value / 1e9;
    }
    return seconds;
}

static void count_message(struct stream *stream)
{
    if (!stream->any) {
        stream->any = true;
        load.answered++;
    }
    if (!load.counting) {
        return;
    }
    load.messages++;
    load.bytes += stream->len - 5;
    double at_s = sample_time_s(stream->message + 5, stream->len - 5);
    if (at_s > 0) {
        double delay_us = fmax(1, (now_s(CLOCK_REALTIME) - at_s) * 1e6);
        int bucket = (int)(log2(delay_us) * OCTAVE);
        load.delays[bucket < DELAY_BUCKETS ? bucket : DELAY_BUCKETS - 1]++;
    }
}

/* The upper edge of the bucket that it lies in. */
static double delay_quantile_ms(double quantile)
{
    uint64_t sum = 0, total = 0;
    for (int i = 0; i < DELAY_BUCKETS; i++) {
        total += load.delays[i];
    }
    int i = 0;
    while (i < DELAY_BUCKETS - 1 && (double)(sum += load.delays[i]) < quantile * (double)total) {
        i++;
    }
    return exp2((double)(i + 1) / OCTAVE) / 1000;
}

/* HTTP/2. */

static ssize_t on_send(nghttp2_session *session, const uint8_t *data, size_t len, int flags, void *userdata)
{
    struct connection *connection = userdata;
    ssize_t n = send(connection->fd, data, len, MSG_NOSIGNAL);
    if (n < 0) {
        return errno == EAGAIN ? NGHTTP2_ERR_WOULDBLOCK : NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return n;
}

static int on_data(
    nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *userdata)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
    while (stream && len > 0) {
        size_t whole = stream->len < 5 ? 5 : 5 + (size_t)ntohl(*(uint32_t *)(void *)(stream->message + 1));
        size_t take = whole - stream->len < len ? whole - stream->len : len;
        if (whole > stream->cap) {
            stream->cap = whole;
            stream->message = realloc(stream->message, whole);
        }
        memcpy(stream->message + stream->len, data, take);
        stream->len += take;
        data += take;
        len -= take;
        if (stream->len >= 5 &&
            stream->len == 5 + (size_t)ntohl(*(uint32_t *)(void *)(stream->message + 1))) {
            count_message(stream);
            stream->len = 0;
        }
    }
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *userdata)
{
    load.ended++;
    return 0;
}

static ssize_t read_request(nghttp2_session *session, int32_t id, uint8_t *out, size_t cap, uint32_t *flags,
    nghttp2_data_source *source, void *userdata)
{
    struct stream *stream = source->ptr;
    size_t len = stream->request_len - stream->request_sent;
    len = len < cap ? len : cap;
    memcpy(out, stream->request + stream->request_sent, len);
    stream->request_sent += len;
    if (stream->request_sent == stream->request_len) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)len;
}

#define NV(name, value)                                                                                      \
    {                                                                                                        \
        (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1, NGHTTP2_NV_FLAG_NONE     \
    }

/* The filter of a request: of all AC components' metrics the first 24 (AC_FREQUENCY to
 * AC_REACTIVE_POWER_PHASE_3), the power factors and the active energies: messages of about 1 KB. */
static const uint8_t filter[] = {0x12, 42, 0x0a, 40, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 40, 41, 42, 43, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65};

static void open_stream(struct connection *connection, struct stream *stream, int component_id)
{
    uint8_t *at = stream->request + 5;
    *at++ = 0x08; /* component_id */
    for (; component_id >= 0x80; component_id >>= 7) {
        *at++ = (uint8_t)(component_id | 0x80);
    }
    *at++ = (uint8_t)component_id;
    memcpy(at, filter, sizeof(filter));
    at += sizeof(filter);
    stream->request[4] = (uint8_t)(at - stream->request - 5);
    stream->request_len = (size_t)(at - stream->request);
    stream->cap = 64;
    stream->message = malloc(stream->cap);
    static const nghttp2_nv headers[] = {
        NV(":method", "POST"),
        NV(":scheme", "http"),
        NV(":authority", "localhost"),
        NV(":path", "/frequenz.api.microgrid.v1.Microgrid/ReceiveComponentDataStream"),
        NV("content-type", "application/grpc"),
        NV("te", "trailers"),
    };
    nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = read_request};
    nghttp2_submit_request(
        connection->session, NULL, headers, sizeof(headers) / sizeof(*headers), &provider, stream);
}

static int open_connection(
    struct connection *connection, const nghttp2_session_callbacks *callbacks, int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return -1;
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
    nghttp2_session_client_new(&connection->session, callbacks, connection);
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20}};
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 1);
    nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, 1 << 24);
    return 0;
}

static bool turn(struct connection *connections, int n, double until_s)
{
    struct pollfd polls[MAX_CONNECTIONS];
    for (int i = 0; i < n; i++) {
        if (nghttp2_session_send(connections[i].session) != 0) {
            return false;
        }
        short out = nghttp2_session_want_write(connections[i].session) ? POLLOUT : 0;
        polls[i] = (struct pollfd){connections[i].fd, (short)(POLLIN | out), 0};
    }
    double left_s = until_s - now_s(CLOCK_MONOTONIC);
    if (left_s <= 0) {
        return false;
    }
    poll(polls, (nfds_t)n, (int)(left_s * 1000) + 1);
    static uint8_t buffer[1 << 18];
    for (int i = 0; i < n; i++) {
        if (!(polls[i].revents & (POLLIN | POLLHUP | POLLERR))) {
            continue;
        }
        ssize_t len = recv(connections[i].fd, buffer, sizeof(buffer), 0);
        if (len == 0 || (len < 0 && errno != EAGAIN) ||
            (len > 0 && nghttp2_session_mem_recv(connections[i].session, buffer, (size_t)len) < 0)) {
            fprintf(stderr, "stream_load: connection %d was lost\n", i);
            exit(1);
        }
    }
    return true;
}

static void usage(void)
{
    fputs(
        "usage: stream_load --port N [--streams N] [--connections N] [--seconds S] [--ids A-B] [--pid PID] [--idle]\n",
        stderr);
    exit(2);
}

static void parse_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"port", required_argument, NULL, 'P'},
        {"streams", required_argument, NULL, 's'},
        {"connections", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 'd'},
        {"ids", required_argument, NULL, 'i'},
        {"pid", required_argument, NULL, 'p'},
        {"idle", no_argument, NULL, 'I'},
        {"first-reply", no_argument, NULL, 'F'},
        {"run", no_argument, NULL, 'R'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct options){.streams = 100, .connections = 1, .first_id = 1, .last_id = 10, .seconds = 5};
    for (int c; (c = getopt_long(argc, argv, "+", names, NULL)) != -1;) {
        switch (c) {
        case 'P':
            options->port = atoi(optarg);
            break;
        case 's':
            options->streams = atoi(optarg);
            break;
        case 'c':
            options->connections = atoi(optarg);
            break;
        case 'd':
            options->seconds = atof(optarg);
            break;
        case 'i':
            if (sscanf(optarg, "%d-%d", &options->first_id, &options->last_id) == 1) {
                options->last_id = options->first_id;
            }
            break;
        case 'p':
            options->pid = atoi(optarg);
            break;
        case 'I':
            options->idle = true;
            break;
        case 'F':
            options->first_reply = true;
            break;
        case 'R':
            options->run = true;
            break;
        default:
            usage();
        }
    }
    if (options->run && optind < argc) {
        return;
    }
    if (options->port <= 0 || options->streams < 1 || options->connections < 1 ||
        options->connections > MAX_CONNECTIONS || options->first_id < 0 ||
        options->last_id < options->first_id || (options->first_reply && optind == argc)) {
        usage();
    }
}

/* Starts the server and asks it for a stream until the first message is there. */
static int measure_first_reply(
    const struct options *options, char **command, const nghttp2_session_callbacks *callbacks)
{
    double start_s = now_s(CLOCK_MONOTONIC);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    struct connection connection = {.fd = -1};
    while (open_connection(&connection, callbacks, options->port) != 0) {
        if (now_s(CLOCK_MONOTONIC) > start_s + TIME_LIMIT_S || waitpid(pid, NULL, WNOHANG) == pid) {
            fputs("stream_load: the server did not start\n", stderr);
            return 1;
        }
        close(connection.fd);
        usleep(100);
    }
    static struct stream stream;
    open_stream(&connection, &stream, options->first_id);
    while (!load.answered && turn(&connection, 1, start_s + TIME_LIMIT_S)) {
    }
    double took_s = now_s(CLOCK_MONOTONIC) - start_s;
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    printf("{\"first_reply_ms\":%.2f}\n", took_s * 1000);
    return load.answered ? 0 : 1;
}

/* Here rather than in Python, whose own memory would count: a program has the peak of who became it. */
static int measure_run(char **command)
{
    double start_s = now_s(CLOCK_MONOTONIC);
    struct rusage usage = {0};
    int status = 1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO); /* ours has the result alone */
        execvp(command[0], command);
        _exit(127);
    }
    wait4(pid, &status, 0, &usage);
    printf(
        "{\"took_ms\":%.3f,\"peak_kb\":%ld}\n", (now_s(CLOCK_MONOTONIC) - start_s) * 1000, usage.ru_maxrss);
    return status == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct options *options = &load.options;
    parse_options(argc, argv, options);
    if (options->run) {
        return measure_run(argv + optind);
    }
    long rss_before_kb = server_rss_kb(options->pid);

    nghttp2_session_callbacks *callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    if (options->first_reply) {
        return measure_first_reply(options, argv + optind, callbacks);
    }
    static struct connection connections[MAX_CONNECTIONS];
    for (int i = 0; i < options->connections; i++) {
        if (open_connection(&connections[i], callbacks, options->port) != 0) {
            fprintf(
                stderr, "stream_load: cannot connect to 127.0.0.1:%d: %s\n", options->port, strerror(errno));
            return 1;
        }
    }
    load.streams = calloc((size_t)options->streams, sizeof(*load.streams));
    for (int i = 0; i < options->streams; i++) {
        int id = options->first_id + i % (options->last_id - options->first_id + 1);
        open_stream(&connections[i % options->connections], &load.streams[i], id);
    }

    double start_s = now_s(CLOCK_MONOTONIC);
    while (load.answered < (uint64_t)options->streams &&
           turn(connections, options->connections, start_s + TIME_LIMIT_S)) {
    }
    double settle_s = now_s(CLOCK_MONOTONIC) + 1;
    while (turn(connections, options->connections, settle_s)) {
    }
    load.counting = true;
    double cpu_before_s = server_cpu_s(options->pid);
    double begin_s = now_s(CLOCK_MONOTONIC);
    while (turn(connections, options->connections, begin_s + options->seconds)) {
    }
    double took_s = now_s(CLOCK_MONOTONIC) - begin_s;
    double cpu_s = server_cpu_s(options->pid) - cpu_before_s;
    long rss_kb = server_rss_kb(options->pid);

    printf("{\"streams\":%d,\"answered\":%llu,\"ended\":%llu,\"messages\":%llu,\"per_s\":%.0f",
        options->streams, (unsigned long long)load.answered, (unsigned long long)load.ended,
        (unsigned long long)load.messages, (double)load.messages / took_s);
    if (load.messages && !options->idle) {
        printf(",\"bytes_each\":%.0f,\"delay_p50_ms\":%.3f,\"delay_p99_ms\":%.3f,\"cpu_s_per_million\":%.2f",
            (double)load.bytes / (double)load.messages, delay_quantile_ms(0.5), delay_quantile_ms(0.99),
            cpu_s / (double)load.messages * 1e6);
    }
    printf(",\"rss_kb\":%ld,\"kb_a_stream\":%.2f}\n", rss_kb,
        (double)(rss_kb - rss_before_kb) / (double)options->streams);
    return load.answered == (uint64_t)options->streams ? 0 : 1;
}
