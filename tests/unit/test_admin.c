/* SPDX-License-Identifier: MIT */
/* microgrid.admin.v1 on a fake site, with a journal that answers when the test says so. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "fake_service.h"
#include "microgrid/admin/v1/admin.ugrpc.h"
#include "model/journal.h"
#include "model/journal_reader.h"
#include "service/admin/admin.h"
#include "service/admin/journal_stream.h"
#include "service/rights.h"

#define API "/microgrid.admin.v1.Admin/"

typedef microgrid_admin_v1_journal_entry entry_message;
typedef microgrid_admin_v1_receive_journal_request request_message;

/* One question at a time is what a stream may ask. */
struct journal_query {
    struct journal_filter filter;
    journal_page_fn *done;
    void *userdata;
};

static struct {
    struct journal_reader base; /* first */
    struct journal_query open[JOURNAL_STREAMS + 1];
    size_t n, cancelled; /* how many were asked, and cancelled */
} reader;

static struct journal_query *ask(
    struct journal_reader *base, const struct journal_filter *filter, journal_page_fn *done, void *userdata)
{
    struct journal_query *query = reader.open;
    while (query->done) {
        query++;
        assert_true(query < reader.open + ARRAY_LEN(reader.open));
    }
    *query = (struct journal_query){.filter = *filter, .done = done, .userdata = userdata};
    reader.n++;
    return query;
}

static void cancel(struct journal_reader *base, struct journal_query *query)
{
    assert_non_null(query->done);
    query->done = NULL;
    reader.cancelled++;
}

/* Answers the open question with `n` entries from `first_id` on. */
static void answer(uint64_t first_id, size_t n, bool more)
{
    struct journal_query query = reader.open[0];
    struct journal_page *page = journal_page_new();
    assert_non_null(query.done);
    reader.open[0].done = NULL;
    for (size_t i = 0; i < n; i++) {
        journal_page_add(page, &(const struct journal_entry){
                                   .id = first_id + i,
                                   .kind = JOURNAL_KIND_COMMAND,
                                   .at_utc_ns = 1700000000 * NS_PER_S,
                                   .component_id = 4,
                                   .verb = JOURNAL_SET_ACTIVE,
                                   .value = 5000,
                                   .lifetime_ns = 60 * NS_PER_S,
                                   .component = "bat_inv",
                                   .detail = "",
                                   .caller = "127.0.0.1:41822",
                                   .message = "",
                               });
    }
    page->last_id = first_id + n - 1;
    page->more = more;
    query.done(page, query.userdata);
}

static int add(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st)
{
    memset(&reader, 0, sizeof(reader));
    reader.base = (struct journal_reader){.ask = ask, .cancel = cancel};
    return service_admin_add(service, server, &reader.base, st);
}

static int add_without_journal(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st)
{
    return service_admin_add(service, server, NULL, st);
}

static int set_up(void **state)
{
    *state = fake_service_new(API, false, add);
    return 0;
}

static int set_up_without_journal(void **state)
{
    *state = fake_service_new(API, false, add_without_journal);
    return 0;
}

static int tear_down(void **state)
{
    fake_service_free(*state);
    return 0;
}

static struct ugrpc_call *read_journal(struct fake_service *f, bool follow)
{
    request_message request = MICROGRID_ADMIN_V1_RECEIVE_JOURNAL_REQUEST_INIT;
    request.follow = follow;
    return fake_ask(f, "ReceiveJournal", &request);
}

static void assert_sent(const struct ugrpc_call *call, size_t index, uint64_t id)
{
    entry_message *entry = fake_call_message(call, index);
    assert_non_null(entry);
    assert_int_equal(entry->id, id);
    fake_release(entry);
}

/* ---- the journal ------------------------------------------------------------------------------------ */

static void an_entry_is_told_with_all_that_is_known_of_it(void **state)
{
    struct ugrpc_call *call = read_journal(*state, false);
    answer(7, 1, false);
    entry_message *entry = fake_call_message(call, 0);
    assert_int_equal(entry->id, 7);
    assert_int_equal(entry->time->seconds, 1700000000);
    assert_int_equal(entry->kind, MICROGRID_ADMIN_V1_JOURNAL_KIND_COMMAND);
    assert_int_equal(entry->component_id, 4);
    assert_string_equal(entry->component, "bat_inv");
    assert_int_equal(entry->verb, MICROGRID_ADMIN_V1_JOURNAL_VERB_SET_ACTIVE_POWER);
    assert_true(microgrid_admin_v1_journal_entry_has_value(entry) && entry->value == 5000);
    assert_int_equal(entry->lifetime->seconds, 60);
    assert_string_equal(entry->caller, "127.0.0.1:41822");
    assert_null(entry->valid_until);
    assert_null(entry->lost_since);
    fake_release(entry);
}

static void pages_follow_one_another_until_there_is_no_more(void **state)
{
    struct ugrpc_call *call = read_journal(*state, false);
    answer(1, 3, true);
    assert_int_equal(reader.n, 2);
    assert_int_equal(reader.open[0].filter.after_id, 3);
    assert_false(call->finished);
    answer(4, 2, false);
    assert_true(call->finished);
    assert_int_equal(call->status.code, UGRPC_OK);
    assert_int_equal(call->n_sent, 5);
    assert_sent(call, 4, 5);
    assert_int_equal(reader.n, 2);
}

static void the_filter_is_handed_on(void **state)
{
    uint64_t ids[] = {9, 4};
    ugrpc_protobuf_timestamp since = UGRPC_PROTOBUF_TIMESTAMP_INIT;
    request_message request = MICROGRID_ADMIN_V1_RECEIVE_JOURNAL_REQUEST_INIT;
    since.seconds = 1700000000;
    since.nanos = 5;
    request.since = &since;
    request.component_ids = ids;
    request.n_component_ids = ARRAY_LEN(ids);
    request.after_id = 12;
    fake_ask(*state, "ReceiveJournal", &request);
    const struct journal_filter *filter = &reader.open[0].filter;
    assert_int_equal(filter->after_id, 12);
    assert_true(filter->since_utc_ns == 1700000000 * NS_PER_S + 5);
    assert_int_equal(filter->n_component_ids, 2);
    assert_int_equal(filter->component_ids[0], 9);
    struct journal_entry entry = {.kind = JOURNAL_KIND_END, .component_id = 4, .at_utc_ns = INT64_MAX};
    assert_true(journal_filter_accepts(filter, &entry));
    entry.at_utc_ns = filter->since_utc_ns - 1;
    assert_false(journal_filter_accepts(filter, &entry));
    entry = (struct journal_entry){.kind = JOURNAL_KIND_END, .component_id = 5, .at_utc_ns = INT64_MAX};
    assert_false(journal_filter_accepts(filter, &entry));
    entry.kind = JOURNAL_KIND_GAP;
    assert_true(journal_filter_accepts(filter, &entry));
}

static void since_beyond_what_nanoseconds_hold_is_never_or_always(void **state)
{
    ugrpc_protobuf_timestamp since = UGRPC_PROTOBUF_TIMESTAMP_INIT;
    request_message request = MICROGRID_ADMIN_V1_RECEIVE_JOURNAL_REQUEST_INIT;
    request.since = &since;
    since.seconds = INT64_MAX;
    fake_ask(*state, "ReceiveJournal", &request);
    since.seconds = INT64_MIN;
    fake_ask(*state, "ReceiveJournal", &request);
    assert_true(reader.open[0].filter.since_utc_ns == INT64_MAX);
    assert_true(reader.open[1].filter.since_utc_ns == INT64_MIN);
}

static void who_follows_is_sent_what_is_written_later(void **state)
{
    struct ugrpc_call *call = read_journal(*state, true);
    answer(1, 1, false);
    assert_false(call->finished);
    assert_int_equal(reader.n, 1);
    reader.base.on_written(reader.base.userdata);
    assert_int_equal(reader.n, 2);
    answer(2, 1, false);
    assert_int_equal(call->n_sent, 2);
    assert_sent(call, 1, 2);
    assert_false(call->finished);
}

static void what_is_written_while_a_page_is_read_is_asked_for_afterwards(void **state)
{
    read_journal(*state, true);
    reader.base.on_written(reader.base.userdata);
    reader.base.on_written(reader.base.userdata);
    assert_int_equal(reader.n, 1);
    answer(1, 1, false);
    assert_int_equal(reader.n, 2);
    answer(2, 0, false);
    assert_int_equal(reader.n, 2);
}

static void who_does_not_follow_hears_nothing_of_news(void **state)
{
    struct ugrpc_call *call = read_journal(*state, false);
    reader.base.on_written(reader.base.userdata);
    answer(1, 1, false);
    assert_true(call->finished);
    assert_int_equal(reader.n, 1);
}

static void a_slow_reader_holds_one_page_and_misses_nothing(void **state)
{
    struct ugrpc_call *call = read_journal(*state, true);
    call->room = 2;
    answer(1, 5, true);
    assert_int_equal(call->n_sent, 2);
    reader.base.on_written(reader.base.userdata);
    assert_int_equal(reader.n, 1); /* nothing more is read for it meanwhile */
    fake_call_make_room(call, 2);
    assert_int_equal(call->n_sent, 4);
    assert_int_equal(reader.n, 1);
    fake_call_make_room(call, -1);
    assert_int_equal(reader.n, 2);
    answer(6, 1, false);
    assert_int_equal(call->n_sent, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_sent(call, i, i + 1);
    }
}

static void a_cancelled_stream_takes_its_question_back(void **state)
{
    struct ugrpc_call *asking = read_journal(*state, true);
    fake_call_cancel(asking);
    assert_int_equal(reader.cancelled, 1);
    struct ugrpc_call *sending = read_journal(*state, true);
    sending->room = 0;
    answer(1, 3, true);
    fake_call_cancel(sending);
    assert_int_equal(reader.cancelled, 1);
    reader.base.on_written(reader.base.userdata);
    assert_int_equal(reader.n, 2);
}

static void what_cannot_be_read_is_unavailable(void **state)
{
    struct ugrpc_call *call = read_journal(*state, true);
    struct journal_page *page = journal_page_new();
    struct journal_query query = reader.open[0];
    reader.open[0].done = NULL;
    status_set(&page->st, UGRPC_UNAVAILABLE, "the journal cannot be read: disk I/O error");
    query.done(page, query.userdata);
    assert_refused(call, UGRPC_UNAVAILABLE, "disk I/O error", NULL);
}

static void a_journal_that_is_closed_is_asked_nothing_more(void **state)
{
    struct ugrpc_call *call = read_journal(*state, true);
    reader.base.on_closed(reader.base.userdata);
    fake_call_cancel(call);
    assert_int_equal(reader.cancelled, 0);
    assert_refused(read_journal(*state, false), UGRPC_FAILED_PRECONDITION, NULL);
}

static void so_many_may_read_and_no_more(void **state)
{
    struct fake_service *f = *state;
    struct ugrpc_call *calls[JOURNAL_STREAMS + 1];
    request_message request = MICROGRID_ADMIN_V1_RECEIVE_JOURNAL_REQUEST_INIT;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        calls[i] = fake_call(f->server, API "ReceiveJournal", (const ProtobufCMessage *)&request);
    }
    assert_refused(calls[JOURNAL_STREAMS], UGRPC_RESOURCE_EXHAUSTED, "32", NULL);
    fake_call_cancel(calls[0]);
    assert_false(read_journal(f, false)->finished);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        fake_call_free(calls[i]);
    }
}

static void a_filter_has_so_many_components_and_no_more(void **state)
{
    static uint64_t ids[JOURNAL_COMPONENTS + 1];
    request_message request = MICROGRID_ADMIN_V1_RECEIVE_JOURNAL_REQUEST_INIT;
    request.component_ids = ids;
    request.n_component_ids = ARRAY_LEN(ids);
    assert_refused(
        fake_ask(*state, "ReceiveJournal", &request), UGRPC_RESOURCE_EXHAUSTED, "1001", "1000", NULL);
    assert_int_equal(reader.n, 0);
}

static void without_a_journal_the_refusal_says_how_to_have_one(void **state)
{
    assert_refused(read_journal(*state, false), UGRPC_FAILED_PRECONDITION, "--state DIR", NULL);
}

/* ---- who may ask ------------------------------------------------------------------------------------ */

static void a_key_needs_the_role_admin(void **state)
{
    struct fake_service *f = *state;
    const ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    static const struct rights of_operator = {.holder = "key ems", .role = ROLE_OPERATOR};
    static const struct rights of_admin = {.holder = "key root", .role = ROLE_ADMIN};
    fake_server_set_rights(f->server, &of_operator);
    assert_refused(read_journal(f, false), UGRPC_PERMISSION_DENIED, "key ems", "operator", "admin", NULL);
    assert_refused(fake_ask(f, "ListHolders", &nothing), UGRPC_PERMISSION_DENIED, "key ems", NULL);
    fake_server_set_rights(f->server, &of_admin);
    assert_false(read_journal(f, false)->finished);
}

/* ---- holders ---------------------------------------------------------------------------------------- */

static microgrid_admin_v1_list_holders_response *holders(struct fake_service *f)
{
    const ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    return fake_reply(fake_ask(f, "ListHolders", &nothing));
}

static void a_set_point_is_held_until_it_expires(void **state)
{
    struct fake_service *f = *state;
    struct fake_answer done;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &done), 0);
    fake_finish_all(f->fake);
    microgrid_admin_v1_list_holders_response *reply = holders(f);
    assert_int_equal(reply->n_setpoints, 1);
    assert_int_equal(reply->n_bounds, 0);
    const microgrid_admin_v1_held_setpoint *held = reply->setpoints[0];
    assert_int_equal(held->component_id, 4);
    assert_string_equal(held->component, "bat_inv");
    assert_int_equal(held->quantity, MICROGRID_ADMIN_V1_QUANTITY_ACTIVE_POWER);
    assert_true(held->requested == 5000 && held->applied == 5000);
    assert_int_equal(held->valid_until->seconds, done.until_utc_ns / NS_PER_S);
    assert_true(*held->caller);
    fake_release(reply);
    fake_pass_ms(f->fake, 60000);
    reply = holders(f);
    assert_int_equal(reply->n_setpoints, 0);
    fake_release(reply);
}

static void until_when_it_is_held_follows_the_clock_that_ends_it(void **state)
{
    struct fake_service *f = *state;
    struct fake_answer done;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &done), 0);
    fake_finish_all(f->fake);
    f->fake->clock.utc_ns -= 3600 * NS_PER_S; /* it is set right */
    microgrid_admin_v1_list_holders_response *reply = holders(f);
    assert_int_equal(reply->setpoints[0]->valid_until->seconds, done.until_utc_ns / NS_PER_S - 3600);
    assert_false(reply->read_only);
    fake_release(reply);
}

static void bounds_are_held_with_their_owner_and_move_what_is_applied(void **state)
{
    struct fake_service *f = *state;
    struct fake_answer done;
    const struct caller caller = {.owner = "key ems", .label = "key ems from 10.0.0.9:1"};
    const struct range range = {-INFINITY, 4000};
    const struct bounds_request request = {.metric = METRIC_AC_ACTIVE_POWER,
        .ranges = &range,
        .n = 1,
        .lifetime_ns = 5 * NS_PER_S,
        .token = "peak"};
    int64_t until_utc_ns;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &done), 0);
    fake_finish_all(f->fake);
    assert_int_equal(bounds_add(f->fake->bat_inv, &caller, &request, &until_utc_ns, NULL), 0);
    microgrid_admin_v1_list_holders_response *reply = holders(f);
    assert_int_equal(reply->n_setpoints, 1);
    assert_true(reply->setpoints[0]->requested == 5000 && reply->setpoints[0]->applied == 4000);
    assert_int_equal(reply->n_bounds, 1);
    const microgrid_admin_v1_held_bounds *held = reply->bounds[0];
    assert_string_equal(held->component, "bat_inv");
    assert_string_equal(held->caller, "key ems");
    assert_string_equal(held->token, "peak");
    assert_false(microgrid_admin_v1_held_bounds_has_lower(held));
    assert_true(microgrid_admin_v1_held_bounds_has_upper(held) && held->upper == 4000);
    assert_int_equal(held->valid_until->seconds, until_utc_ns / NS_PER_S);
    fake_release(reply);
    fake_finish_all(f->fake);
    fake_pass_ms(f->fake, 5000);
    reply = holders(f);
    assert_int_equal(reply->n_bounds, 0);
    fake_release(reply);
}

#define ADMIN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ADMIN_TEST(an_entry_is_told_with_all_that_is_known_of_it),
        ADMIN_TEST(pages_follow_one_another_until_there_is_no_more),
        ADMIN_TEST(the_filter_is_handed_on),
        ADMIN_TEST(since_beyond_what_nanoseconds_hold_is_never_or_always),
        ADMIN_TEST(who_follows_is_sent_what_is_written_later),
        ADMIN_TEST(what_is_written_while_a_page_is_read_is_asked_for_afterwards),
        ADMIN_TEST(who_does_not_follow_hears_nothing_of_news),
        ADMIN_TEST(a_slow_reader_holds_one_page_and_misses_nothing),
        ADMIN_TEST(a_cancelled_stream_takes_its_question_back),
        ADMIN_TEST(what_cannot_be_read_is_unavailable),
        ADMIN_TEST(a_journal_that_is_closed_is_asked_nothing_more),
        ADMIN_TEST(so_many_may_read_and_no_more),
        ADMIN_TEST(a_filter_has_so_many_components_and_no_more),
        cmocka_unit_test_setup_teardown(
            without_a_journal_the_refusal_says_how_to_have_one, set_up_without_journal, tear_down),
        ADMIN_TEST(a_key_needs_the_role_admin),
        ADMIN_TEST(a_set_point_is_held_until_it_expires),
        ADMIN_TEST(until_when_it_is_held_follows_the_clock_that_ends_it),
        ADMIN_TEST(bounds_are_held_with_their_owner_and_move_what_is_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
