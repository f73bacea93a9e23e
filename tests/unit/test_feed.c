/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_server.h"
#include "model/telemetry.h"
#include "service/feed.h"
#include "service/service.h"

/* A source whose samples are text: "i" for the id, a letter for each metric, then the number of the sample.
 */
struct fixture {
    struct telemetry telemetry;
    struct feed *feed;
    struct service_stats stats;
    struct feed_source source;
    int number, encoded;
    struct ugrpc_call calls[4];
};

static void put(struct feed_sample *sample, char c)
{
    *bytes_extend(&sample->bytes, 1) = (uint8_t)c;
}

static void encode(const void *object, struct feed_sample *sample)
{
    struct fixture *f = (struct fixture *)object;
    f->encoded++;
    put(sample, 'i');
    feed_sample_end_head(sample);
    put(sample, 'V');
    feed_sample_end_metric(sample, METRIC_DC_VOLTAGE);
    put(sample, 'P');
    feed_sample_end_metric(sample, METRIC_AC_ACTIVE_POWER);
    put(sample, 'T');
    feed_sample_end_metric(sample, METRIC_SENSOR_IRRADIANCE);
    put(sample, (char)('0' + f->number));
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->source = (struct feed_source){
        .telemetry = &f->telemetry, .object = f, .encode = encode, .slot = &f->feed, .stats = &f->stats};
    for (size_t i = 0; i < 4; i++) {
        f->calls[i].room = -1;
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < 4; i++) {
        fake_call_cancel(&f->calls[i]);
        for (size_t j = 0; j < f->calls[i].n_sent; j++) {
            ugrpc_message_unref(f->calls[i].sent[j]);
        }
    }
    assert_null(f->feed);
    assert_null(f->telemetry.subscribers);
    assert_int_equal(f->stats.streams, 0);
    assert_int_equal(fake_messages, 0);
    free(f);
    return 0;
}

static struct metric_set set_of(enum metric metric)
{
    struct metric_set set = {0};
    metric_set_add(&set, metric);
    return set;
}

static struct ugrpc_call *open_stream(struct fixture *f, int index, const struct metric_set *metrics)
{
    assert_int_equal(feed_open(&f->source, metrics, &f->calls[index], NULL), 0);
    return &f->calls[index];
}

/* A new sample: the hub tells its subscribers. */
static void next_sample(struct fixture *f)
{
    f->number++;
    struct subscription *next;
    for (struct subscription *s = f->telemetry.subscribers; s; s = next) {
        next = s->next;
        s->on_news(s, s->userdata);
    }
}

/* The text after the header (tag and a length of one byte) of a call's newest message. */
static const char *newest(const struct ugrpc_call *call)
{
    static char text[32];
    const struct ugrpc_message *message = call->sent[call->n_sent - 1];
    assert_int_equal(message->data[0], 0x0a);
    assert_int_equal(message->data[1], message->len - 2);
    memcpy(text, message->data + 2, message->len - 2);
    text[message->len - 2] = '\0';
    return text;
}

static void the_first_message_comes_at_once_and_then_each_sample_once(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_call *call = open_stream(f, 0, NULL);
    assert_int_equal(call->n_sent, 1);
    assert_string_equal(newest(call), "iVPT0");
    next_sample(f);
    next_sample(f);
    assert_int_equal(call->n_sent, 3);
    assert_string_equal(newest(call), "iVPT2");
    assert_int_equal(f->stats.messages, 3);
    assert_int_equal(call->send_limit, 1);
}

static void streams_with_one_filter_share_one_message(void **state)
{
    struct fixture *f = *state;
    struct metric_set power = set_of(METRIC_AC_ACTIVE_POWER);
    struct ugrpc_call *a = open_stream(f, 0, NULL), *b = open_stream(f, 1, NULL);
    struct ugrpc_call *c = open_stream(f, 2, &power), *d = open_stream(f, 3, &power);
    next_sample(f);
    assert_ptr_equal(a->sent[1], b->sent[1]);
    assert_ptr_equal(c->sent[1], d->sent[1]);
    assert_string_equal(newest(a), "iVPT1");
    assert_string_equal(newest(c), "iP1");
    assert_int_equal(f->encoded, 2); /* once for each sample, whoever listens */
}

static void a_filter_keeps_the_state_and_leaves_out_what_is_lacking(void **state)
{
    struct fixture *f = *state;
    struct metric_set lacking = set_of(METRIC_BATTERY_SOC_PCT), nothing = {0},
                      two = set_of(METRIC_DC_VOLTAGE);
    metric_set_add(&two, METRIC_SENSOR_IRRADIANCE);
    metric_set_add(&two, METRIC_SENSOR_IRRADIANCE);
    assert_string_equal(newest(open_stream(f, 0, &lacking)), "i0");
    assert_string_equal(newest(open_stream(f, 1, &nothing)), "i0");
    assert_string_equal(newest(open_stream(f, 2, &two)), "iVT0");
}

static void a_slow_reader_gets_the_newest_sample_and_the_missed_ones_are_counted(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_call *slow = open_stream(f, 0, NULL), *quick = open_stream(f, 1, NULL);
    fake_call_make_room(slow, 0);
    for (int i = 0; i < 5; i++) {
        next_sample(f);
    }
    assert_int_equal(slow->n_sent, 1);
    assert_int_equal(quick->n_sent, 6);
    assert_int_equal(f->stats.missed, 4); /* 1 to 4; the fifth still waits */
    fake_call_make_room(slow, -1);
    assert_int_equal(slow->n_sent, 2);
    assert_string_equal(newest(slow), "iVPT5");
    next_sample(f);
    assert_string_equal(newest(slow), "iVPT6");
    assert_int_equal(f->stats.missed, 4);
}

static void room_without_a_newer_sample_sends_nothing(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_call *call = open_stream(f, 0, NULL);
    fake_call_make_room(call, 0);
    next_sample(f);
    fake_call_make_room(call, -1);
    assert_int_equal(call->n_sent, 2);
    call->full = true;
    fake_call_make_room(call, -1);
    assert_int_equal(call->n_sent, 2);
}

static void a_feed_exists_only_while_someone_listens(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_call *call = open_stream(f, 0, NULL);
    assert_non_null(f->feed);
    assert_non_null(f->telemetry.subscribers);
    fake_call_cancel(call);
    assert_true(call->finished);
    assert_int_equal(call->status.code, UGRPC_OK); /* a cancelled call's status is the library's */
    assert_null(f->feed);
    assert_null(f->telemetry.subscribers);
}

/* A connection that breaks during a send cancels all its streams then and there. */
static struct ugrpc_call *broken[3];
static size_t n_broken;

static void break_connection(struct ugrpc_call *call)
{
    while (n_broken) {
        fake_call_cancel(broken[--n_broken]);
    }
}

static void streams_may_leave_while_a_sample_is_sent(void **state)
{
    struct fixture *f = *state;
    struct metric_set power = set_of(METRIC_AC_ACTIVE_POWER);
    for (int i = 0; i < 3; i++) { /* the newest stream is sent to first */
        broken[n_broken++] = open_stream(f, i, i == 0 ? &power : NULL);
    }
    struct ugrpc_call *stays = open_stream(f, 3, NULL);
    stays->on_send = break_connection;
    next_sample(f);
    assert_int_equal(stays->n_sent, 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(f->calls[i].n_sent, 1);
        assert_true(f->calls[i].finished);
    }
    assert_int_equal(f->stats.streams, 1);
}

static void the_last_stream_may_leave_while_it_is_sent_to(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_call *call = open_stream(f, 0, NULL);
    call->on_send = break_connection;
    broken[n_broken++] = call;
    next_sample(f);
    assert_true(call->finished);
    assert_int_equal(call->n_sent, 1);
    assert_null(f->feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(the_first_message_comes_at_once_and_then_each_sample_once),
        TEST(streams_with_one_filter_share_one_message),
        TEST(a_filter_keeps_the_state_and_leaves_out_what_is_lacking),
        TEST(a_slow_reader_gets_the_newest_sample_and_the_missed_ones_are_counted),
        TEST(room_without_a_newer_sample_sends_nothing),
        TEST(a_feed_exists_only_while_someone_listens),
        TEST(streams_may_leave_while_a_sample_is_sent),
        TEST(the_last_stream_may_leave_while_it_is_sent_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
