/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/entry.h"

static const struct directory nobody = {
    .components = &(microgrid_v1_list_components_response){.n_components = 0}};

static ugrpc_protobuf_timestamp at(int64_t seconds)
{
    ugrpc_protobuf_timestamp time = UGRPC_PROTOBUF_TIMESTAMP_INIT;
    time.seconds = seconds;
    return time;
}

static entry_message entry_of(microgrid_admin_v1_journal_kind kind, ugrpc_protobuf_timestamp *time)
{
    entry_message entry = MICROGRID_ADMIN_V1_JOURNAL_ENTRY_INIT;
    entry.id = 7;
    entry.kind = kind;
    entry.time = time;
    entry.component_id = 4;
    entry.component = (char *)"bat_inv_1";
    entry.verb = MICROGRID_ADMIN_V1_JOURNAL_VERB_SET_ACTIVE_POWER;
    entry.caller = (char *)"127.0.0.1:4711";
    return entry;
}

static void assert_printed(const entry_message *entry, const char *text)
{
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);
    entry_print(entry, &nobody, to);
    fclose(to);
    assert_string_equal(out, text);
    free(out);
}

static void assert_csv(const entry_message *entry, const char *text)
{
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);
    entry_put_csv(entry, to);
    fclose(to);
    assert_string_equal(out, text);
    free(out);
}

static void a_refusal_names_the_component_once(void **state)
{
    ugrpc_protobuf_timestamp time = at(1767225963);
    entry_message entry = entry_of(MICROGRID_ADMIN_V1_JOURNAL_KIND_REFUSAL, &time);
    microgrid_admin_v1_journal_entry_set_value(&entry, -15000);
    entry.code = UGRPC_OUT_OF_RANGE;
    entry.message = (char *)"bat_inv_1 (4): -15000 W is outside -10000 ... 10000 W, \"rated\"";
    assert_printed(&entry,
        "2026-01-01 00:06:03  bat_inv_1 (4): active power -15000 W: refused, OUT_OF_RANGE: "
        "-15000 W is outside -10000 ... 10000 W, \"rated\"   by 127.0.0.1:4711\n");
    assert_csv(&entry,
        "2026-01-01T00:06:03.000Z,7,refusal,4,bat_inv_1,set_active_power,-15000,W,,,127.0.0.1:4711,"
        "OUT_OF_RANGE,\"bat_inv_1 (4): -15000 W is outside -10000 ... 10000 W, \"\"rated\"\"\",,,,,\r\n");
}

static void what_the_gateway_tells_of_itself_is_its_message(void **state)
{
    ugrpc_protobuf_timestamp time = at(1767225963);
    entry_message entry = entry_of(MICROGRID_ADMIN_V1_JOURNAL_KIND_NOTE, &time);
    entry.message = (char *)"the gateway started";
    assert_printed(&entry, "2026-01-01 00:06:03  the gateway started\n");
    assert_csv(&entry, "2026-01-01T00:06:03.000Z,7,note,,,,,,,,,,the gateway started,,,,,\r\n");
    json_t *object = entry_to_json(&entry);
    assert_string_equal(json_string_value(json_object_get(object, "message")), "the gateway started");
    assert_null(json_object_get(object, "verb"));
    json_decref(object);
}

static void bounds_that_ended_say_which_and_what_is_left(void **state)
{
    ugrpc_protobuf_timestamp time = at(1767225963), until = at(1767225960);
    entry_message entry = entry_of(MICROGRID_ADMIN_V1_JOURNAL_KIND_END, &time);
    entry.verb = MICROGRID_ADMIN_V1_JOURNAL_VERB_ADD_BOUNDS;
    entry.detail = (char *)"ac_active_power -2000 ... 4000 W";
    entry.end = MICROGRID_ADMIN_V1_JOURNAL_END_EXPIRED;
    entry.message = (char *)"now in force: -10000 ... 10000 W";
    entry.valid_until = &until;
    assert_printed(&entry,
        "2026-01-01 00:06:03  bat_inv_1 (4): bounds ac_active_power -2000 ... 4000 W: expired at "
        "00:06:00, now in force: -10000 ... 10000 W   by 127.0.0.1:4711\n");
}

static void a_command_that_failed_says_how(void **state)
{
    ugrpc_protobuf_timestamp time = at(1767225963);
    entry_message entry = entry_of(MICROGRID_ADMIN_V1_JOURNAL_KIND_COMMAND, &time);
    entry.verb = MICROGRID_ADMIN_V1_JOURNAL_VERB_STOP;
    entry.component = (char *)"";
    entry.code = UGRPC_UNAVAILABLE;
    entry.message = (char *)"no answer";
    assert_printed(&entry,
        "2026-01-01 00:06:03  component 4: stop: failed, UNAVAILABLE: no answer   by 127.0.0.1:4711\n");
}

/* Done, but not all of it. */
static void a_command_that_was_cut_says_how(void **state)
{
    ugrpc_protobuf_timestamp time = at(1767225963);
    entry_message entry = entry_of(MICROGRID_ADMIN_V1_JOURNAL_KIND_COMMAND, &time);
    microgrid_admin_v1_journal_entry_set_value(&entry, 5000);
    entry.message = (char *)"applied 3000 W of 5000 W (added bounds)";
    const char *printed =
        "2026-01-01 00:06:03  bat_inv_1 (4): active power +5000 W: done, applied 3000 W of 5000 W "
        "(added bounds)   by 127.0.0.1:4711\n";
    assert_printed(&entry, printed);
    assert_csv(&entry,
        "2026-01-01T00:06:03.000Z,7,command,4,bat_inv_1,set_active_power,5000,W,,,127.0.0.1:4711,OK,"
        "applied 3000 W of 5000 W (added bounds),,,,,\r\n");
    json_t *object = entry_to_json(&entry);
    assert_string_equal(json_string_value(json_object_get(object, "message")), entry.message);
    assert_string_equal(json_string_value(json_object_get(object, "code")), "OK");
    json_decref(object);
    entry.message = (char *)"bat_inv_1 (4): applied 3000 W of 5000 W (added bounds)";
    assert_printed(&entry, printed);
}

static void an_end_says_how_and_how_often_it_was_renewed(void **state)
{
    ugrpc_protobuf_timestamp time = at(1767225963), until = at(1767225962);
    entry_message entry = entry_of(MICROGRID_ADMIN_V1_JOURNAL_KIND_END, &time);
    microgrid_admin_v1_journal_entry_set_value(&entry, 5000);
    entry.valid_until = &until;
    entry.renewals = 3;
    entry.end = MICROGRID_ADMIN_V1_JOURNAL_END_EXPIRED;
    assert_printed(&entry,
        "2026-01-01 00:06:03  bat_inv_1 (4): active power +5000 W: expired at 00:06:02; it was "
        "renewed 3 times   by 127.0.0.1:4711\n");
    assert_csv(&entry,
        "2026-01-01T00:06:03.000Z,7,end,4,bat_inv_1,set_active_power,5000,W,,,127.0.0.1:4711,,,"
        "expired,3,2026-01-01T00:06:02.000Z,,\r\n");
    entry.renewals = 0;
    entry.end = MICROGRID_ADMIN_V1_JOURNAL_END_DROPPED;
    entry.message = (char *)"bat_inv_1 (4): stop";
    assert_printed(&entry,
        "2026-01-01 00:06:03  bat_inv_1 (4): active power +5000 W: dropped, stop   by 127.0.0.1:4711\n");
}

static void a_gap_says_what_is_missing(void **state)
{
    ugrpc_protobuf_timestamp time = at(1767225963), since = at(1767225903);
    entry_message entry = MICROGRID_ADMIN_V1_JOURNAL_ENTRY_INIT;
    entry.id = 8;
    entry.kind = MICROGRID_ADMIN_V1_JOURNAL_KIND_GAP;
    entry.time = &time;
    entry.lost = 12;
    entry.lost_since = &since;
    assert_printed(&entry,
        "2026-01-01 00:06:03  the journal could not be written from 2026-01-01 00:05:03 on: 12 "
        "entries are missing\n");
    assert_csv(&entry, "2026-01-01T00:06:03.000Z,8,gap,,,,,,,,,,,,,,12,2026-01-01T00:05:03.000Z\r\n");
}

static void json_leaves_out_what_an_entry_does_not_have(void **state)
{
    ugrpc_protobuf_timestamp time = at(1767225963);
    entry_message entry = entry_of(MICROGRID_ADMIN_V1_JOURNAL_KIND_COMMAND, &time);
    entry.verb = MICROGRID_ADMIN_V1_JOURNAL_VERB_START;
    json_t *object = entry_to_json(&entry);
    char *text = json_dumps(object, JSON_COMPACT);
    assert_string_equal(text,
        "{\"entry\":7,\"time\":\"2026-01-01T00:06:03.000Z\",\"kind\":\"command\",\"id\":4,"
        "\"name\":\"bat_inv_1\",\"verb\":\"start\",\"caller\":\"127.0.0.1:4711\","
        "\"message\":\"\",\"code\":\"OK\"}");
    free(text);
    json_decref(object);
}

/* Powers come as floats, whose neighbours are nobody's business. */
static void values_are_as_they_were_asked_for(void **state)
{
    ugrpc_protobuf_timestamp time = at(1767225963);
    entry_message entry = entry_of(MICROGRID_ADMIN_V1_JOURNAL_KIND_COMMAND, &time);
    microgrid_admin_v1_journal_entry_set_value(&entry, 1234.56F);
    json_t *object = entry_to_json(&entry);
    assert_true(json_real_value(json_object_get(object, "value")) == 1234.56);
    json_decref(object);
    assert_csv(&entry,
        "2026-01-01T00:06:03.000Z,7,command,4,bat_inv_1,set_active_power,1234.56,W,,,127.0.0.1:4711,OK,,,,,,\r\n");
    assert_printed(
        &entry, "2026-01-01 00:06:03  bat_inv_1 (4): active power +1234.56 W: done   by 127.0.0.1:4711\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_names_the_component_once),
        cmocka_unit_test(what_the_gateway_tells_of_itself_is_its_message),
        cmocka_unit_test(bounds_that_ended_say_which_and_what_is_left),
        cmocka_unit_test(a_command_that_failed_says_how),
        cmocka_unit_test(a_command_that_was_cut_says_how),
        cmocka_unit_test(an_end_says_how_and_how_often_it_was_renewed),
        cmocka_unit_test(a_gap_says_what_is_missing),
        cmocka_unit_test(json_leaves_out_what_an_entry_does_not_have),
        cmocka_unit_test(values_are_as_they_were_asked_for),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
