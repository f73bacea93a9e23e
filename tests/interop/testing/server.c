/* SPDX-License-Identifier: MIT */
/* grpc.testing.TestService for other implementations' interop clients. A call answers what its request asks
 * for: so many zeros, after such a pause, or a status; metadata comes back as it came. Streams queue what
 * they are asked for and send one message after the other. usage: ugrpc-interop-server --port N [--cert FILE
 * --key FILE]; prints its address when it listens. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <ugrpc/ugrpc.h>

#include "grpc/testing/test.ugrpc.h"

#define MAX_SIZE   (64 << 20)
#define MAX_QUEUED 4096 /* answers that one stream may owe */
#define GRACE_MS   1000

struct response {
    int32_t size, interval_us;
};

struct stream {
    uv_timer_t timer; /* the stream is freed when it has closed */
    struct service *service;
    struct stream *next;
    struct ugrpc_call *call;
    struct response *queue; /* the n_queued from `first` on are owed */
    size_t first, n_queued, received;
    bool paused; /* the pause before the first one is over */
    bool ended;  /* nothing more will be asked for: send the rest, then `st` */
    struct ugrpc_status st;
};

struct service {
    struct ugrpc_loop *loop;
    struct ugrpc_server *server;
    struct stream *streams;
    uv_signal_t on_term;
};

static void echo_metadata(struct ugrpc_call *call)
{
    struct ugrpc_bytes value;
    if (ugrpc_call_metadata(call, "x-compress", &value)) {
        ugrpc_call_set_compression(call, UGRPC_GZIP);
    }
    if (ugrpc_call_metadata(call, "x-grpc-test-echo-initial", &value)) {
        ugrpc_call_set_initial(call, "x-grpc-test-echo-initial", value.data, value.len);
    }
    if (ugrpc_call_metadata(call, "x-grpc-test-echo-trailing-bin", &value)) {
        ugrpc_call_set_trailing(call, "x-grpc-test-echo-trailing-bin", value.data, value.len);
    }
}

/* Caller frees. NULL when there is no memory; never for a size of 0. */
static uint8_t *zeros(int32_t size)
{
    return calloc(size > 0 ? (size_t)size : 1, 1);
}

static void empty_call(struct ugrpc_call *call, const grpc_testing_empty *req, void *userdata)
{
    grpc_testing_empty reply = GRPC_TESTING_EMPTY_INIT;
    echo_metadata(call);
    grpc_testing_test_service_empty_call_reply(call, &reply);
}

static void unary_call(struct ugrpc_call *call, const grpc_testing_simple_request *req, void *userdata)
{
    grpc_testing_payload payload = GRPC_TESTING_PAYLOAD_INIT;
    grpc_testing_simple_response reply = GRPC_TESTING_SIMPLE_RESPONSE_INIT;
    echo_metadata(call);
    if (req->response_status && req->response_status->code != UGRPC_OK) {
        ugrpc_call_fail(
            call, (enum ugrpc_code)req->response_status->code, "%s", req->response_status->message);
        return;
    }
    if (req->response_size < 0 || req->response_size > MAX_SIZE) {
        ugrpc_call_fail(call, UGRPC_INVALID_ARGUMENT, "response_size %d is outside 0 .. %d",
            req->response_size, MAX_SIZE);
        return;
    }
    payload.body.data = zeros(req->response_size);
    if (!payload.body.data) {
        ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED, "no memory for %d bytes", req->response_size);
        return;
    }
    payload.body.len = (size_t)req->response_size;
    reply.payload = &payload;
    grpc_testing_test_service_unary_call_reply(call, &reply);
    free(payload.body.data);
}

static void on_closed(uv_handle_t *handle)
{
    struct stream *s = handle->data;
    free(s->queue);
    free(s);
}

/* Finishes the call and forgets the stream. */
static void stream_finish(struct stream *s)
{
    struct stream **at = &s->service->streams;
    while (*at != s) {
        at = &(*at)->next;
    }
    *at = s->next;
    if (s->st.code == UGRPC_OK) {
        ugrpc_call_end(s->call);
    } else {
        ugrpc_call_fail_status(s->call, &s->st);
    }
    uv_close((uv_handle_t *)&s->timer, on_closed);
}

static void stream_pump(struct stream *s);

static void on_pause_over(uv_timer_t *timer)
{
    struct stream *s = timer->data;
    s->paused = true;
    stream_pump(s);
}

static enum ugrpc_sent stream_send(struct stream *s, int32_t size)
{
    grpc_testing_payload payload = GRPC_TESTING_PAYLOAD_INIT;
    grpc_testing_streaming_output_call_response message = GRPC_TESTING_STREAMING_OUTPUT_CALL_RESPONSE_INIT;
    payload.body.data = zeros(size);
    if (!payload.body.data) {
        ugrpc_status_set(&s->st, UGRPC_RESOURCE_EXHAUSTED, "no memory for %d bytes", size);
        s->n_queued = 0;
        s->ended = true;
        return UGRPC_FULL;
    }
    payload.body.len = (size_t)size;
    message.payload = &payload;
    enum ugrpc_sent sent = ugrpc_call_send(s->call, &message.base);
    free(payload.body.data);
    return sent;
}

/* Sends what is due, until there is a pause to wait for or no room. May finish the stream. */
static void stream_pump(struct stream *s)
{
    while (s->n_queued > 0) {
        const struct response *r = &s->queue[s->first];
        if (r->interval_us > 0 && !s->paused) {
            if (!uv_is_active((uv_handle_t *)&s->timer)) {
                uv_timer_start(&s->timer, on_pause_over, ((uint64_t)r->interval_us + 999) / 1000, 0);
            }
            return;
        }
        if (stream_send(s, r->size) != UGRPC_SENT) {
            break; /* on_ready or on_cancel will come */
        }
        s->paused = false;
        s->first++;
        s->n_queued--;
    }
    if (s->n_queued == 0 && s->ended) {
        stream_finish(s);
    }
}

static void on_ready(struct ugrpc_call *call, void *userdata)
{
    stream_pump(userdata);
}

static void on_cancel(struct ugrpc_call *call, void *userdata)
{
    stream_finish(userdata);
}

static struct stream *stream_new(struct service *service, struct ugrpc_call *call)
{
    static const struct ugrpc_call_events events = {on_ready, on_cancel};
    struct stream *s = calloc(1, sizeof(*s));
    if (!s) {
        ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED, "no memory for a stream");
        return NULL;
    }
    s->service = service;
    s->call = call;
    s->next = service->streams;
    service->streams = s;
    uv_timer_init(ugrpc_loop_uv(service->loop), &s->timer);
    s->timer.data = s;
    echo_metadata(call);
    ugrpc_call_watch(call, &events, s);
    return s;
}

/* NULL when the stream is already finished. */
static struct stream *stream_find(struct service *service, const struct ugrpc_call *call)
{
    struct stream *s = service->streams;
    while (s && s->call != call) {
        s = s->next;
    }
    return s;
}

static int stream_queue(struct stream *s, const grpc_testing_streaming_output_call_request *req)
{
    if (s->n_queued + req->n_response_parameters > MAX_QUEUED) {
        return ugrpc_status_set(
            &s->st, UGRPC_RESOURCE_EXHAUSTED, "more than %d answers asked for", MAX_QUEUED);
    }
    if (s->n_queued > 0) {
        memmove(s->queue, s->queue + s->first, s->n_queued * sizeof(*s->queue));
    }
    s->first = 0;
    size_t n = s->n_queued + req->n_response_parameters;
    struct response *grown = realloc(s->queue, (n + 1) * sizeof(*grown));
    if (!grown) {
        return ugrpc_status_set(&s->st, UGRPC_RESOURCE_EXHAUSTED, "no memory for %zu answers", n);
    }
    s->queue = grown;
    for (size_t i = 0; i < req->n_response_parameters; i++) {
        const grpc_testing_response_parameters *asked = req->response_parameters[i];
        if (asked->size < 0 || asked->size > MAX_SIZE) {
            return ugrpc_status_set(
                &s->st, UGRPC_INVALID_ARGUMENT, "size %d is outside 0 .. %d", asked->size, MAX_SIZE);
        }
        s->queue[s->n_queued++] = (struct response){asked->size, asked->interval_us};
    }
    return 0;
}

/* One request of a stream; the stream may be finished afterwards. */
static void stream_take(struct stream *s, const grpc_testing_streaming_output_call_request *req)
{
    if (stream_queue(s, req) != 0) {
        s->n_queued = 0;
        s->ended = true;
    } else if (req->response_status && req->response_status->code != UGRPC_OK) {
        ugrpc_status_set(
            &s->st, (enum ugrpc_code)req->response_status->code, "%s", req->response_status->message);
        s->ended = true;
    }
    stream_pump(s);
}

static void streaming_output_call(
    struct ugrpc_call *call, const grpc_testing_streaming_output_call_request *req, void *userdata)
{
    struct stream *s = stream_new(userdata, call);
    if (s) {
        s->ended = true;
        stream_take(s, req);
    }
}

static void stream_begin(struct ugrpc_call *call, void *userdata)
{
    stream_new(userdata, call);
}

static void streaming_input_call_message(
    struct ugrpc_call *call, const grpc_testing_streaming_input_call_request *message, void *userdata)
{
    struct stream *s = stream_find(userdata, call);
    if (s && message->payload) {
        s->received += message->payload->body.len;
    }
}

static void streaming_input_call_end(struct ugrpc_call *call, void *userdata)
{
    grpc_testing_streaming_input_call_response reply = GRPC_TESTING_STREAMING_INPUT_CALL_RESPONSE_INIT;
    struct stream *s = stream_find(userdata, call);
    if (s) {
        reply.aggregated_payload_size = (int32_t)s->received;
        ugrpc_call_send(call, &reply.base);
        stream_finish(s);
    }
}

static void full_duplex_call_message(
    struct ugrpc_call *call, const grpc_testing_streaming_output_call_request *message, void *userdata)
{
    struct stream *s = stream_find(userdata, call);
    if (s && !s->ended) {
        stream_take(s, message);
    }
}

static void full_duplex_call_end(struct ugrpc_call *call, void *userdata)
{
    struct stream *s = stream_find(userdata, call);
    if (s && !s->ended) {
        s->ended = true;
        stream_pump(s);
    }
}

static const struct grpc_testing_test_service_servicer servicer = {
    .empty_call = empty_call,
    .unary_call = unary_call,
    .streaming_output_call = streaming_output_call,
    .streaming_input_call = stream_begin,
    .streaming_input_call_message = streaming_input_call_message,
    .streaming_input_call_end = streaming_input_call_end,
    .full_duplex_call = stream_begin,
    .full_duplex_call_message = full_duplex_call_message,
    .full_duplex_call_end = full_duplex_call_end,
};

static void on_stopped(void *userdata)
{
    struct service *service = userdata;
    ugrpc_loop_stop(service->loop);
}

static void on_term(uv_signal_t *handle, int number)
{
    struct service *service = handle->data;
    uv_close((uv_handle_t *)handle, NULL);
    ugrpc_server_shutdown(service->server, GRACE_MS, on_stopped, service);
}

static int serve(const char *port, const struct ugrpc_server_tls_options *files)
{
    struct service service = {.loop = ugrpc_loop_new()};
    struct ugrpc_server_tls *tls = NULL;
    struct ugrpc_status st = {.message = "no memory"};
    char address[32];
    int rc = 1;
    snprintf(address, sizeof(address), "127.0.0.1:%s", port);
    if (!service.loop || (files->certificate_file && !(tls = ugrpc_server_tls_new(files, &st))) ||
        !(service.server = ugrpc_server_new(service.loop, &(struct ugrpc_server_options){0}, &st)) ||
        grpc_testing_test_service_add_servicer_to_server(service.server, &servicer, &service) != 0 ||
        ugrpc_server_listen(service.server, address, tls, &st) != 0 ||
        ugrpc_server_start(service.server, &st) != 0) {
        fprintf(stderr, "ugrpc-interop-server: %s\n", st.message);
    } else {
        uv_signal_init(ugrpc_loop_uv(service.loop), &service.on_term);
        service.on_term.data = &service;
        uv_signal_start(&service.on_term, on_term, SIGTERM);
        printf("%s\n", ugrpc_server_address(service.server, 0));
        fflush(stdout);
        ugrpc_loop_run(service.loop);
        rc = 0;
    }
    ugrpc_server_free(service.server);
    ugrpc_server_tls_free(tls);
    ugrpc_loop_free(service.loop);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
        {"cert", required_argument, NULL, 'c'}, {"key", required_argument, NULL, 'k'}, {NULL, 0, NULL, 0}};
    struct ugrpc_server_tls_options files = {0};
    const char *port = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'p':
            port = optarg;
            break;
        case 'c':
            files.certificate_file = optarg;
            break;
        case 'k':
            files.key_file = optarg;
            break;
        default:
            return 2;
        }
    }
    if (!port || optind < argc || !files.certificate_file != !files.key_file) {
        fprintf(stderr, "usage: %s --port N [--cert FILE --key FILE]\n", argv[0]);
        return 2;
    }
    return serve(port, &files);
}
