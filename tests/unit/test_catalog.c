/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_server.h"
#include "frequenz/api/microgrid/v1/microgrid.ugrpc.h"
#include "service/catalog.h"

typedef microgrid_v1_list_connections_response list;

/* Entries 1->10, 2->10, 3->20, …, and one whose second key nobody can name. */
static int set_up(void **state)
{
    struct catalog *catalog = calloc(1, sizeof(*catalog));
    for (uint64_t i = 1; i <= 40; i++) {
        microgrid_common_v1_microgrid_components_component_connection entry;
        microgrid_common_v1_microgrid_components_component_connection_init(&entry);
        entry.source_component_id = i;
        entry.destination_component_id = (i + 1) / 2 * 10;
        catalog_add(catalog, i, i == 40 ? CATALOG_NO_KEY : entry.destination_component_id, &entry.base);
    }
    *state = catalog;
    return 0;
}

static int tear_down(void **state)
{
    catalog_done(*state);
    free(*state);
    assert_int_equal(fake_messages, 0);
    return 0;
}

static const struct key_set none = {.n = 0};

/* The sources of what was selected, in order, as "1 2 3". */
static const char *select_from(void **state, const struct key_set *first, const struct key_set *second)
{
    static char text[512];
    struct ugrpc_message *reply = catalog_select(*state, first, second);
    list *decoded = (list *)protobuf_c_message_unpack(
        microgrid_v1_service.methods[3].reply, NULL, reply->len, reply->data);
    assert_non_null(decoded);
    text[0] = '\0';
    for (size_t i = 0; i < decoded->n_connections; i++) {
        char one[32];
        snprintf(one, sizeof(one), "%s%d", i ? " " : "", (int)decoded->connections[i]->source_component_id);
        strcat(text, one);
    }
    microgrid_v1_list_connections_response_free(decoded);
    ugrpc_message_unref(reply);
    return text;
}

static void without_a_filter_the_whole_list_is_one_shared_message(void **state)
{
    struct ugrpc_message *a = catalog_select(*state, &none, &none), *b = catalog_select(*state, &none, &none);
    assert_ptr_equal(a, b);
    ugrpc_message_unref(a);
    ugrpc_message_unref(b);
    assert_int_equal(strlen(select_from(state, &none, &none)), 9 * 2 - 1 + 31 * 3);
}

static void filters_are_or_inside_and_and_between(void **state)
{
    struct key_set first, second;
    const uint64_t ids[] = {3, 1, 2, 3, 99}, ends[] = {10};
    assert_int_equal(key_set_from_ids(&first, "ids", ids, 5, NULL), 0);
    assert_int_equal(key_set_from_ids(&second, "ends", ends, 1, NULL), 0);
    assert_string_equal(select_from(state, &first, &none), "1 2 3");
    assert_string_equal(select_from(state, &none, &second), "1 2");
    assert_string_equal(select_from(state, &first, &second), "1 2");
}

static void long_filters_accept_the_same_as_short_ones(void **state)
{
    uint64_t ids[1000];
    struct key_set set;
    for (size_t i = 0; i < 1000; i++) {
        ids[i] = 5000 - 5 * i; /* descending: 5 to 5000 */
    }
    assert_int_equal(key_set_from_ids(&set, "ids", ids, 1000, NULL), 0);
    assert_string_equal(select_from(state, &set, &none), "5 10 15 20 25 30 35 40");
    key_set_done(&set);
}

static void unspecified_unknown_and_negative_numbers_match_nothing(void **state)
{
    struct key_set set;
    const int numbers[] = {0, -1, 77, 20};
    assert_int_equal(key_set_from_numbers(&set, "categories", numbers, 3, NULL), 0);
    assert_string_equal(select_from(state, &none, &set), "");
    assert_int_equal(key_set_from_numbers(&set, "categories", numbers, 4, NULL), 0);
    assert_string_equal(select_from(state, &none, &set), "3 4");
}

static void an_endless_filter_is_refused(void **state)
{
    struct key_set set;
    struct ugrpc_status st;
    uint64_t *ids = calloc(KEY_SET_MAX + 1, sizeof(*ids));
    assert_int_equal(
        key_set_from_ids(&set, "component_ids", ids, KEY_SET_MAX + 1, &st), -UGRPC_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(st.message, "component_ids: 524289 entries"));
    key_set_done(&set);
    free(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(without_a_filter_the_whole_list_is_one_shared_message),
        TEST(filters_are_or_inside_and_and_between),
        TEST(long_filters_accept_the_same_as_short_ones),
        TEST(unspecified_unknown_and_negative_numbers_match_nothing),
        TEST(an_endless_filter_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
