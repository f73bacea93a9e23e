/* SPDX-License-Identifier: MIT */
/* libugrpc by itself under load: a method on raw bytes that answers a fixed message, and a stream whose
 * messages are encoded once a tick and shared by all readers of one component.
 * usage: ugrpc-raw-server PORT PERIOD_MS REPLY_FILE MESSAGE_FILE [CERT KEY] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uv.h>

#include <ugrpc/ugrpc.h>

#define N_COMPONENTS 10

struct subscriber {
    struct subscriber *prev, *next;
};

struct bench {
    struct ugrpc_message *reply;
    uint8_t *text;
    size_t text_len;
    struct subscriber lists[N_COMPONENTS + 1];
    unsigned tick;
};

static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(65536);
    if (!f || !data) {
        perror(path);
        exit(1);
    }
    *len = fread(data, 1, 65536, f);
    fclose(f);
    return data;
}

static void list(struct ugrpc_call *call, const void *request, const void *servicer, void *userdata)
{
    struct bench *b = userdata;
    ugrpc_call_reply_message(call, b->reply);
}

struct reader {
    struct subscriber base;
    struct ugrpc_call *call;
};

static void on_cancel(struct ugrpc_call *call, void *userdata)
{
    struct reader *r = userdata;
    r->base.prev->next = r->base.next;
    if (r->base.next) {
        r->base.next->prev = r->base.prev;
    }
    free(r);
    ugrpc_call_end(call);
}

static void stream(struct ugrpc_call *call, const void *request, const void *servicer, void *userdata)
{
    static const struct ugrpc_call_events events = {NULL, on_cancel};
    struct bench *b = userdata;
    const struct ugrpc_bytes *bytes = request;
    unsigned id = bytes->len >= 2 && bytes->data[0] == 8 ? bytes->data[1] : 0;
    struct subscriber *head = &b->lists[id <= N_COMPONENTS ? id : 0];
    struct reader *r = malloc(sizeof(*r));
    r->call = call;
    r->base = (struct subscriber){head, head->next};
    if (head->next) {
        head->next->prev = &r->base;
    }
    head->next = &r->base;
    ugrpc_call_watch(call, &events, r);
}

/* The time of the tick, as a Timestamp with varints of fixed width, in place of the template's. */
static void stamp(uint8_t *data, size_t len)
{
    static const uint8_t seconds = 8, nanos = 16;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t values[] = {(uint64_t)now.tv_sec, (uint64_t)now.tv_nsec};
    uint8_t pattern[12] = {seconds}, fresh[12] = {seconds};
    uint64_t template[] = {1800000000, 500000000};
    pattern[6] = fresh[6] = nanos;
    for (int part = 0; part < 2; part++) {
        for (int i = 0; i < 5; i++) {
            pattern[6 * part + 1 + i] = (uint8_t)((template[part] >> 7 * i & 127) | (i < 4 ? 128 : 0));
            fresh[6 * part + 1 + i] = (uint8_t)((values[part] >> 7 * i & 127) | (i < 4 ? 128 : 0));
        }
    }
    uint8_t *end = data + len;
    for (uint8_t *at = data; (at = memmem(at, (size_t)(end - at), pattern, sizeof(pattern)));
         at += sizeof(fresh)) {
        memcpy(at, fresh, sizeof(fresh));
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct bench *b = timer->data;
    unsigned id = b->tick++ % N_COMPONENTS + 1;
    uint8_t *data;
    if (!b->lists[id].next) {
        return;
    }
    struct ugrpc_message *message = ugrpc_message_new(b->text_len, &data);
    memcpy(data, b->text, b->text_len);
    stamp(data, b->text_len);
    data[4] = (uint8_t)id; /* 0a LL LL 08 ID */
    for (struct subscriber *s = b->lists[id].next; s; s = s->next) {
        ugrpc_call_send_message(((struct reader *)s)->call, message);
    }
    ugrpc_message_unref(message);
}

static void on_log(enum ugrpc_log_level level, const char *text, void *userdata)
{
    if (level < UGRPC_LOG_DEBUG) {
        fprintf(stderr, "%s\n", text);
    }
}

int main(int argc, char **argv)
{
    static const struct ugrpc_method methods[] = {
        {"ListComponents", UGRPC_UNARY}, {"ReceiveComponentDataStream", UGRPC_SERVER_STREAMING}};
    static const struct ugrpc_service service = {"frequenz.api.microgrid.v1.Microgrid", methods, 2};
    static const struct ugrpc_handler handlers[] = {{.begin = list}, {.begin = stream}};
    if (argc < 5) {
        return 2;
    }
    struct bench b = {0};
    struct ugrpc_status st;
    size_t len;
    uint8_t *reply = read_file(argv[3], &len), *data;
    b.reply = ugrpc_message_new(len, &data);
    memcpy(data, reply, len);
    b.text = read_file(argv[4], &b.text_len);

    struct ugrpc_loop *loop = ugrpc_loop_new();
    struct ugrpc_server_options options = {.log = on_log};
    struct ugrpc_server *server = ugrpc_server_new(loop, &options, &st);
    struct ugrpc_server_tls_options files = {argc > 6 ? argv[5] : NULL, argc > 6 ? argv[6] : NULL};
    struct ugrpc_server_tls *tls = argc > 6 ? ugrpc_server_tls_new(&files, &st) : NULL;
    char address[64];
    snprintf(address, sizeof(address), "127.0.0.1:%s", argv[1]);
    if ((argc > 6 && !tls) || ugrpc_server_add_service(server, &service, handlers, NULL, &b, &st) != 0 ||
        ugrpc_server_listen(server, address, tls, &st) != 0 || ugrpc_server_start(server, &st) != 0) {
        fprintf(stderr, "%s\n", st.message);
        return 1;
    }
    uv_timer_t timer = {.data = &b};
    uint64_t period_ms = strtoull(argv[2], NULL, 10) / N_COMPONENTS;
    uv_timer_init(ugrpc_loop_uv(loop), &timer);
    uv_timer_start(&timer, on_tick, period_ms, period_ms ? period_ms : 1);
    printf("%s\n", ugrpc_server_address(server, 0));
    fflush(stdout);
    ugrpc_loop_run(loop);
}
