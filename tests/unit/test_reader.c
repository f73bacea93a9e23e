/* SPDX-License-Identifier: MIT */
/* The journal as it is read while the store keeps it, on a real disk. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "disk.h"
#include "model/journal.h"
#include "model/journal_reader.h"

struct fixture {
    struct disk *disk;
    struct journal_reader *reader;
    int n_news, n_closed;
};

static void on_written(void *userdata)
{
    ((struct fixture *)userdata)->n_news++;
}

static void on_closed(void *userdata)
{
    ((struct fixture *)userdata)->n_closed++;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->disk = disk_new();
    disk_begin(f->disk);
    f->reader = store_reader(f->disk->store);
    f->reader->on_written = on_written;
    f->reader->on_closed = on_closed;
    f->reader->userdata = f;
    *state = f;
    return 0;
}

static void close_store(struct fixture *f)
{
    store_close(f->disk->store, STORE_PATIENCE_MS);
    f->disk->store = NULL;
    assert_int_equal(f->n_closed, 1);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->disk->store) {
        close_store(f);
    }
    disk_free(f->disk);
    free(f);
    return 0;
}

static void on_page(struct journal_page *page, void *userdata)
{
    struct journal_page **out = userdata;
    assert_null(*out);
    *out = page;
}

static struct journal_page *read_page(struct fixture *f, const struct journal_filter *filter)
{
    struct journal_page *page = NULL;
    f->reader->ask(f->reader, filter, on_page, &page);
    assert_null(page); /* never before ask() has returned */
    while (!page) {
        uv_run(&f->disk->loop, UV_RUN_ONCE);
    }
    return page;
}

static void who_read_a_journal_before_this_one_misses_nothing(void **state)
{
    struct fixture *f = *state;
    disk_set(f->disk, f->disk->fake->bat_inv, 1000, 60);
    struct journal_filter filter = {.after_id = 1000, .resumes = true, .since_utc_ns = INT64_MIN};
    struct journal_page *page = read_page(f, &filter);
    assert_int_equal(page->n, 1);
    filter.after_id = page->last_id;
    journal_page_free(page);
    page = read_page(f, &filter);
    assert_int_equal(page->n, 0);
    assert_int_equal(page->last_id, filter.after_id);
    journal_page_free(page);
}

static struct journal_page *read_all(struct fixture *f)
{
    return read_page(f, &(const struct journal_filter){.since_utc_ns = INT64_MIN});
}

static void set_accepted(struct fixture *f, struct component *component, double power_w, int64_t lifetime_s)
{
    disk_set(f->disk, component, power_w, lifetime_s);
    f->disk->fake->device.n = 0; /* its orders are not looked at */
}

/* ---- what is read ----------------------------------------------------------------------------------- */

static void a_command_is_one_entry_with_its_outcome_and_its_end_another(void **state)
{
    struct fixture *f = *state;
    int64_t at_utc_ns = f->disk->fake->clock.utc_ns;
    set_accepted(f, f->disk->fake->bat_inv, 5000, 10);
    fake_pass_ms(f->disk->fake, 10000);
    disk_sync(f->disk);
    struct journal_page *page = read_all(f);
    assert_int_equal(page->st.code, UGRPC_OK);
    assert_int_equal(page->n, 2);
    assert_false(page->more);
    const struct journal_entry *set = &page->entries[0], *end = &page->entries[1];
    assert_int_equal(set->kind, JOURNAL_KIND_COMMAND);
    assert_int_equal(set->verb, JOURNAL_SET_ACTIVE);
    assert_int_equal(set->component_id, 4);
    assert_string_equal(set->component, "bat_inv");
    assert_string_equal(set->caller, fake_caller_a.label);
    assert_true(set->value == 5000 && set->lifetime_ns == 10 * NS_PER_S);
    assert_true(set->at_utc_ns >= at_utc_ns);
    assert_int_equal(set->code, UGRPC_OK);
    assert_int_equal(end->kind, JOURNAL_KIND_END);
    assert_int_equal(end->end, JOURNAL_EXPIRED);
    assert_string_equal(end->component, "bat_inv");
    assert_true(end->until_utc_ns >= at_utc_ns + 10 * NS_PER_S);
    assert_true(end->id > set->id && page->last_id == end->id);
    journal_page_free(page);
}

static void refuse(struct fixture *f)
{
    const struct ugrpc_status st = {.code = UGRPC_OUT_OF_RANGE, .message = "too much"};
    journal_write_refusal(f->disk->fake->site,
        &(const struct journal_command){.verb = JOURNAL_STOP,
            .component_id = 99,
            .component = "",
            .caller = &fake_caller_b,
            .value = NAN,
            .detail = ""},
        &st);
    disk_sync(f->disk);
}

static void a_refusal_is_read_with_its_message_and_no_value_where_there_is_none(void **state)
{
    struct fixture *f = *state;
    refuse(f);
    struct journal_page *page = read_all(f);
    assert_int_equal(page->n, 1);
    assert_int_equal(page->entries[0].kind, JOURNAL_KIND_REFUSAL);
    assert_int_equal(page->entries[0].code, UGRPC_OUT_OF_RANGE);
    assert_string_equal(page->entries[0].message, "too much");
    assert_string_equal(page->entries[0].component, "");
    assert_true(isnan(page->entries[0].value));
    journal_page_free(page);
}

static void entries_are_filtered_by_component_and_time(void **state)
{
    struct fixture *f = *state;
    uint64_t pv_inv = f->disk->fake->pv_inv->spec.id;
    set_accepted(f, f->disk->fake->bat_inv, 5000, 900);
    set_accepted(f, f->disk->fake->pv_inv, -1000, 900);
    fake_pass_ms(f->disk->fake, 1000);
    int64_t since_utc_ns = f->disk->fake->clock.utc_ns;
    set_accepted(f, f->disk->fake->bat_inv, 6000, 900);
    struct journal_page *page = read_page(
        f, &(const struct journal_filter){
               .since_utc_ns = INT64_MIN, .component_ids = &pv_inv, .n_component_ids = 1});
    assert_int_equal(page->n, 1);
    assert_int_equal(page->entries[0].component_id, pv_inv);
    journal_page_free(page);
    page = read_page(f, &(const struct journal_filter){.since_utc_ns = since_utc_ns});
    assert_int_equal(page->n, 1);
    assert_true(page->entries[0].value == 6000);
    journal_page_free(page);
}

static void pages_cover_everything_once_and_look_at_so_many_rows(void **state)
{
    struct fixture *f = *state;
    struct journal_filter filter = {.since_utc_ns = INT64_MIN};
    size_t n = 0, n_pages = 0;
    bool more = true;
    for (int i = 0; i < 300; i++) {
        set_accepted(f, f->disk->fake->bat_inv, 1000 + i, 900);
    }
    for (; more; n_pages++) {
        struct journal_page *page = read_page(f, &filter);
        for (size_t i = 0; i < page->n; i++) {
            assert_true(page->entries[i].value == 1000 + (double)n++);
        }
        assert_true(page->n <= JOURNAL_PAGE_ENTRIES);
        more = page->more;
        filter.after_id = page->last_id;
        journal_page_free(page);
    }
    assert_int_equal(n, 300);
    assert_int_equal(n_pages, 600 / JOURNAL_PAGE_ENTRIES + 1);
}

static void who_listens_is_told_when_something_was_written(void **state)
{
    struct fixture *f = *state;
    refuse(f);
    assert_true(f->n_news > 0);
    int n_news = f->n_news;
    journal_page_free(read_all(f)); /* reading is no news */
    journal_page_free(read_all(f));
    assert_int_equal(f->n_news, n_news);
}

/* ---- ends and trouble ------------------------------------------------------------------------------- */

static void a_question_that_was_taken_back_is_not_answered(void **state)
{
    struct fixture *f = *state;
    struct journal_page *page = NULL;
    const struct journal_filter filter = {.since_utc_ns = INT64_MIN};
    f->reader->cancel(f->reader, f->reader->ask(f->reader, &filter, on_page, &page));
    journal_page_free(read_all(f));
    assert_null(page);
}

static void a_store_that_is_closed_answers_nobody(void **state)
{
    struct fixture *f = *state;
    struct journal_page *page = NULL;
    const struct journal_filter filter = {.since_utc_ns = INT64_MIN};
    f->reader->ask(f->reader, &filter, on_page, &page);
    f->reader->ask(f->reader, &filter, on_page, &page);
    close_store(f);
    uv_run(&f->disk->loop, UV_RUN_DEFAULT);
    assert_null(page);
}

static void what_was_written_is_read_while_nothing_can_be_written(void **state)
{
    struct fixture *f = *state;
    set_accepted(f, f->disk->fake->bat_inv, 1000, 900);
    sqlite3 *lock = disk_lock(f->disk);
    set_accepted(f, f->disk->fake->bat_inv, 5000, 900);
    assert_true(journal_is_degraded(f->disk->fake->site));
    struct journal_page *page = read_all(f);
    assert_int_equal(page->st.code, UGRPC_OK);
    assert_int_equal(page->n, 1);
    assert_true(page->entries[0].value == 1000);
    journal_page_free(page);
    sqlite3_close(lock);
    while (journal_is_degraded(f->disk->fake->site)) {
        uv_run(&f->disk->loop, UV_RUN_ONCE);
    }
    page = read_all(f);
    assert_int_equal(page->n, 2);
    assert_int_equal(page->entries[1].kind, JOURNAL_KIND_GAP);
    assert_int_equal(page->entries[1].lost, 1);
    assert_true(page->entries[1].lost_utc_ns > 0);
    journal_page_free(page);
}

static void a_disk_that_does_not_answer_is_unavailable_to_readers(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    disk_sync(f->disk);
    sqlite3 *lock = disk_lock(f->disk); /* the thread waits for it */
    assert_int_equal(fake_set(f->disk->fake->bat_inv, 5000, 900, &answer), 0);
    uv_run(&f->disk->loop, UV_RUN_NOWAIT);
    fake_pass_ms(f->disk->fake, STORE_PATIENCE_MS);
    struct journal_page *page = NULL;
    const struct journal_filter filter = {.since_utc_ns = INT64_MIN};
    f->reader->ask(f->reader, &filter, on_page, &page);
    uv_run(&f->disk->loop, UV_RUN_NOWAIT);
    assert_non_null(page);
    assert_int_equal(page->st.code, UGRPC_UNAVAILABLE);
    assert_non_null(strstr(page->st.message, "the disk does not answer"));
    journal_page_free(page);
    fake_finish_all(f->disk->fake);
    sqlite3_close(lock);
    while (journal_is_degraded(f->disk->fake->site)) {
        uv_run(&f->disk->loop, UV_RUN_ONCE);
    }
}

#define READER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READER_TEST(who_read_a_journal_before_this_one_misses_nothing),
        READER_TEST(a_command_is_one_entry_with_its_outcome_and_its_end_another),
        READER_TEST(a_refusal_is_read_with_its_message_and_no_value_where_there_is_none),
        READER_TEST(entries_are_filtered_by_component_and_time),
        READER_TEST(pages_cover_everything_once_and_look_at_so_many_rows),
        READER_TEST(who_listens_is_told_when_something_was_written),
        READER_TEST(a_question_that_was_taken_back_is_not_answered),
        READER_TEST(a_store_that_is_closed_answers_nobody),
        READER_TEST(what_was_written_is_read_while_nothing_can_be_written),
        READER_TEST(a_disk_that_does_not_answer_is_unavailable_to_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
