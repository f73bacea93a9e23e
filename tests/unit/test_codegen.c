/* SPDX-License-Identifier: MIT */
/* What protoc-gen-ugrpc makes of tests/support/codegen: the names, presence and tables. libugrpc is played by
 * the functions below, so that what the generated code asks of it can be seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <microgrid/v1.h>
#include <microgrid/v1alpha18.h>
#include <microgrid/v1alpha19.h>

#include "bare.ugrpc.h"
#include "base/base.h"
#include "base/status.h"
#include "chat.ugrpc.h"
#include "codegen/name.h"
#include "codegen/plugin.h"
#include "codegen/wire.h"
#include "greeter.ugrpc.h"
#include "job.ugrpc.h"
#include "legacy.ugrpc.h"
#include "presence.ugrpc.h"

/* --- libugrpc, as the generated code sees it ---------------------------------------------------------- */

static struct {
    const struct ugrpc_service *service;
    const struct ugrpc_handler *handlers;
    const void *servicer;
    void *userdata;
    enum ugrpc_code failed_with;
    const ProtobufCMessage *sent;
} seen;

int ugrpc_server_add_service(struct ugrpc_server *server, const struct ugrpc_service *service,
    const struct ugrpc_handler *handlers, const void *servicer, void *userdata, struct ugrpc_status *st)
{
    seen.service = service;
    seen.handlers = handlers;
    seen.servicer = servicer;
    seen.userdata = userdata;
    return 0;
}

void ugrpc_call_fail(struct ugrpc_call *call, enum ugrpc_code code, const char *format, ...)
{
    seen.failed_with = code;
}

const char *ugrpc_call_method(const struct ugrpc_call *call)
{
    return "/a.B/C";
}

void ugrpc_call_reply(struct ugrpc_call *call, const struct ProtobufCMessage *reply)
{
    seen.sent = reply;
}

enum ugrpc_sent ugrpc_call_send(struct ugrpc_call *call, const struct ProtobufCMessage *message)
{
    seen.sent = message;
    return UGRPC_FULL;
}

/* --- messages ----------------------------------------------------------------------------------------- */

static presence_v1_fields *travel(const presence_v1_fields *fields)
{
    uint8_t bytes[512];

    assert_true(presence__v1__fields__get_packed_size(fields) <= sizeof(bytes));
    size_t len = presence__v1__fields__pack(fields, bytes);
    presence_v1_fields *copy = presence__v1__fields__unpack(NULL, len, bytes);
    assert_non_null(copy);
    return copy;
}

static void a_zero_that_was_set_survives_the_wire_and_an_absent_field_stays_absent(void **state)
{
    presence_v1_fields fields;
    presence_v1_fields_init(&fields);
    presence_v1_fields_set_a_uint64(&fields, 0);
    presence_v1_fields_set_a_bool(&fields, false);
    presence_v1_fields_set_a_string(&fields, "");
    presence_v1_fields_set_colour(&fields, PRESENCE_V1_COLOUR_UNSPECIFIED);

    presence_v1_fields *copy = travel(&fields);
    assert_true(presence_v1_fields_has_a_uint64(copy));
    assert_true(presence_v1_fields_has_a_bool(copy));
    assert_true(presence_v1_fields_has_a_string(copy));
    assert_true(presence_v1_fields_has_colour(copy));
    assert_false(presence_v1_fields_has_a_double(copy));
    assert_false(presence_v1_fields_has_some_bytes(copy));
    assert_false(presence_v1_fields_has_inner(copy));
    assert_false(presence_v1_fields_has_plain_inner(copy));
    assert_false(presence_v1_fields_has_at(copy));
    presence_v1_fields_free(copy);
}

static void a_oneof_holds_its_last_field_only(void **state)
{
    presence_v1_fields fields = PRESENCE_V1_FIELDS_INIT;
    presence_v1_fields_inner inner = PRESENCE_V1_FIELDS_INNER_INIT;
    presence_v1_fields_set_number(&fields, 3);
    presence_v1_fields_inner_set_state(&inner, PRESENCE_V1_FIELDS_INNER_READY);
    presence_v1_fields_set_choice_inner(&fields, &inner);

    presence_v1_fields *copy = travel(&fields);
    assert_false(presence_v1_fields_has_number(copy));
    assert_true(presence_v1_fields_has_choice_inner(copy));
    assert_int_equal(copy->choice_case, PRESENCE_V1_FIELDS_CHOICE_CHOICE_INNER);
    assert_int_equal(copy->choice_inner->state, PRESENCE_V1_FIELDS_INNER_READY);
    presence_v1_fields_free(copy);
    presence_v1_fields_free(NULL);
}

static void proto2_presence_reads_like_that_of_proto3(void **state)
{
    legacy_settings settings;
    legacy_settings_init(&settings);
    assert_int_equal(settings.limit, 42);
    assert_false(legacy_settings_has_limit(&settings));
    assert_false(legacy_settings_has_name(&settings));
    assert_string_equal(settings.title, "untitled");
    assert_false(legacy_settings_has_title(&settings));
    legacy_settings_set_limit(&settings, 42);
    char mine[] = "mine";
    settings.title = mine;
    assert_true(legacy_settings_has_limit(&settings));
    assert_true(legacy_settings_has_title(&settings));
}

static void fields_named_like_keywords_get_an_underscore(void **state)
{
    presence_v1_words words;
    presence_v1_words_init(&words);
    words.restrict_ = 1;
    words.class_ = 2;
    words.base = 3;
    words.linux_ = 4;
    presence_v1_words_set_typeof(&words, 5);
    presence_v1_words_set_nullptr(&words, 6);
    assert_true(presence_v1_words_has_typeof(&words));
    assert_int_equal(words.register_case, PRESENCE_V1_WORDS_REGISTER_NULLPTR);
    assert_ptr_equal(words.base_.descriptor, &presence__v1__words__descriptor);
}

/* --- services ----------------------------------------------------------------------------------------- */

static struct ugrpc_call *const a_call = (struct ugrpc_call *)&seen;

static void on_say(struct ugrpc_call *call, const acme_deep_inside_chat_v1beta1_line *req, void *userdata)
{
    assert_ptr_equal(call, a_call);
    assert_string_equal(req->text, "hello");
    ++*(int *)userdata;
}

static void on_talk_message(
    struct ugrpc_call *call, const acme_deep_inside_chat_v1beta1_line *message, void *userdata)
{
    assert_string_equal(message->text, "hello");
    *(int *)userdata += 10;
}

static void on_talk_end(struct ugrpc_call *call, void *userdata)
{
    *(int *)userdata += 100;
}

static void a_call_reaches_the_entry_of_its_method_and_an_absent_one_is_unimplemented(void **state)
{
    static const struct acme_deep_inside_chat_v1beta1_servicer servicer = {
        .say = on_say, .talk_message_ = on_talk_message, .talk_end = on_talk_end};
    acme_deep_inside_chat_v1beta1_line line = ACME_DEEP_INSIDE_CHAT_V1BETA1_LINE_INIT;
    char hello[] = "hello";
    int calls = 0;
    line.text = hello;
    memset(&seen, 0, sizeof(seen));

    assert_int_equal(acme_deep_inside_chat_v1beta1_add_servicer_to_server(NULL, &servicer, &calls), 0);
    assert_string_equal(seen.service->name, "acme.deep.inside.chat.v1beta1.Chat");
    assert_int_equal(seen.service->n_methods, 6);
    static const char *const names[] = {"Say", "Listen", "Dictate", "Talk", "TalkMessage", "Delete"};
    static const enum ugrpc_method_kind kinds[] = {UGRPC_UNARY, UGRPC_SERVER_STREAMING,
        UGRPC_CLIENT_STREAMING, UGRPC_BIDI_STREAMING, UGRPC_UNARY, UGRPC_UNARY};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_string_equal(seen.service->methods[i].name, names[i]);
        assert_int_equal(seen.service->methods[i].kind, kinds[i]);
    }
    seen.handlers[0].begin(a_call, &line, seen.servicer, seen.userdata);
    assert_int_equal(calls, 1);
    seen.handlers[3].begin(a_call, NULL, seen.servicer, seen.userdata);
    assert_int_equal(seen.failed_with, UGRPC_OK);
    seen.handlers[3].message(a_call, &line, seen.servicer, seen.userdata);
    seen.handlers[3].end(a_call, seen.servicer, seen.userdata);
    assert_int_equal(calls, 111);
    seen.handlers[2].begin(a_call, NULL, seen.servicer, seen.userdata);
    assert_int_equal(seen.failed_with, UGRPC_UNIMPLEMENTED);
    seen.failed_with = UGRPC_OK;
    seen.handlers[5].begin(a_call, &line, seen.servicer, seen.userdata);
    assert_int_equal(seen.failed_with, UGRPC_UNIMPLEMENTED);
}

static void answers_are_sent_as_the_messages_they_are(void **state)
{
    helloworld_hello_reply reply = HELLOWORLD_HELLO_REPLY_INIT;
    helloworld_greeter_say_hello_reply(a_call, &reply);
    assert_ptr_equal(seen.sent, &reply.base);

    acme_deep_inside_chat_v1beta1_line line = ACME_DEEP_INSIDE_CHAT_V1BETA1_LINE_INIT;
    assert_int_equal(acme_deep_inside_chat_v1beta1_talk_send(a_call, &line), UGRPC_FULL);
    assert_ptr_equal(seen.sent, &line.base);
}

static void a_service_whose_short_names_are_taken_gets_the_long_ones(void **state)
{
    assert_string_equal(job_v1_job_service.name, "job.v1.Job");
    assert_string_equal(microgrid_v1_service.name, "frequenz.api.microgrid.v1.Microgrid");
    assert_string_equal(microgrid_v1alpha18_service.name, "frequenz.api.microgrid.v1alpha18.Microgrid");
    assert_string_equal(microgrid_v1alpha19_service.name, "frequenz.api.microgrid.v1alpha19.Microgrid");
    assert_int_equal(JOB_V1_TASK_INIT, 1);
    assert_string_equal(switch_service.name, "Switch");
}

static void a_method_called_like_what_is_made_for_another_gets_an_underscore(void **state)
{
    static const struct acme_deep_inside_chat_v1beta1_echo_servicer servicer = {
        .say_async = on_say, .listen_open = on_say, .service = on_say};
    acme_deep_inside_chat_v1beta1_line line = ACME_DEEP_INSIDE_CHAT_V1BETA1_LINE_INIT;
    assert_null(servicer.say);
    assert_string_equal(acme_deep_inside_chat_v1beta1_echo_service.methods[1].name, "SayAsync");
    acme_deep_inside_chat_v1beta1_echo_say_async__reply(a_call, &line);
    acme_deep_inside_chat_v1beta1_echo_say_send_reply(a_call, &line);
    acme_deep_inside_chat_v1beta1_echo_listen_open__reply(a_call, &line);
    acme_deep_inside_chat_v1beta1_echo_service__reply(a_call, &line);
    assert_ptr_equal(seen.sent, &line.base);
}

/* --- descriptors -------------------------------------------------------------------------------------- */

static void read_file(const char *path, struct text *text)
{
    char chunk[4096];
    size_t n = 0;
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0) {
        text_add(text, chunk, n);
    }
    fclose(file);
}

/* The bytes that protoc wrote for a file. */
static struct wire_field find_in_set(const struct text *set, const char *name)
{
    struct wire files = wire_over((const uint8_t *)set->data, set->len);
    struct wire_field file;

    while (wire_next(&files, &file)) {
        struct wire fields = wire_over(file.data, file.len);
        struct wire_field field;
        assert_true(wire_next(&fields, &field));
        if (field.number == 1 && field.len == strlen(name) && memcmp(field.data, name, field.len) == 0) {
            return file;
        }
    }
    fail_msg("%s is not in the set", name);
    return file;
}

static size_t compare_with_imports(const struct text *set, const struct ugrpc_file *file)
{
    struct wire_field expected = find_in_set(set, file->name);
    size_t n = 1;

    assert_int_equal(file->descriptor_len, expected.len);
    assert_memory_equal(file->descriptor, expected.data, expected.len);
    for (size_t i = 0; i < file->n_imports; i++) {
        n += compare_with_imports(set, file->imports[i]);
    }
    return n;
}

static void descriptors_and_all_their_imports_are_those_of_protoc(void **state)
{
    struct arena arena = {0};
    struct text set = {.arena = &arena};
    const struct ugrpc_file *const roots[] = {&acme_deep_inside_chat_v1beta1_chat_file, &legacy_legacy_file,
        &job_v1_job_file, &bare_file, &microgrid_v1_microgrid_file, &microgrid_v1alpha18_microgrid_file,
        &microgrid_v1alpha19_microgrid_file};

    read_file(getenv("SAMPLES_SET"), &set);
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        assert_true(compare_with_imports(&set, roots[i]) > roots[i]->n_imports);
    }
    arena_done(&arena);
}

/* --- broken requests ---------------------------------------------------------------------------------- */

static int no_messages(const struct text *input, struct text *output, struct ugrpc_status *st)
{
    return 0;
}

static void a_request_cut_short_anywhere_is_refused_or_answered_but_never_followed(void **state)
{
    struct arena arena = {0};
    struct text set = {.arena = &arena};
    struct text request = {.arena = &arena};
    size_t n_refused = 0;

    /* A descriptor set is the same list of files under another number: made a request, file by file. */
    read_file(getenv("SAMPLES_SET"), &set);
    text_puts(&request, "\x0a\x0a"
                        "bare.proto");
    struct wire_field bare = find_in_set(&set, "bare.proto");
    char head[] = {0x7a, (char)(bare.len | 0x80), (char)(bare.len >> 7)};
    text_add(&request, head, sizeof(head));
    text_add(&request, bare.data, bare.len);
    for (size_t len = 0; len <= request.len; len++) {
        struct arena one = {0};
        struct text input = {.arena = &one};
        struct text output = {.arena = &one};
        struct ugrpc_status st = {0};
        text_add(&input, request.data, len);
        int rc = plugin_run(&input, no_messages, &output, &st);
        n_refused += rc != 0;
        assert_true(rc == 0 || st.message[0] != '\0');
        assert_true(len < request.len || rc == 0);
        arena_done(&one);
    }
    assert_true(n_refused > bare.len);
    arena_done(&arena);
}

static void a_comment_without_its_full_stop_gets_one(void **state)
{
    struct arena arena = {0};
    struct text header = {.arena = &arena};
    const char *set = getenv("SAMPLES_SET"), *end = set ? strrchr(set, '/') : NULL;
    if (!end) {
        fail_msg("$SAMPLES_SET names no file in a folder");
        return;
    }
    read_file(arena_printf(&arena, "%.*s/chat.ugrpc.h", (int)(end - set), set), &header);
    assert_non_null(header.data ? strstr(header.data, "Hears all, says nothing. Answer with") : NULL);
    arena_done(&arena);
}

static void enum_values_without_a_package_have_the_enums_name(void **state)
{
    assert_int_equal(LEVEL_NONE, 0);
    assert_int_equal(LEVEL_ERROR, 1);
}

static void the_least_number_is_a_default_like_others(void **state)
{
    legacy_settings settings = LEGACY_SETTINGS_INIT;
    assert_true(settings.least == INT64_MIN);
}

static void an_optional_field_and_a_oneof_of_nearly_the_same_name_live_side_by_side(void **state)
{
    presence_v1_twins twins = PRESENCE_V1_TWINS_INIT;
    presence_v1_twins_set_value(&twins, 1);
    assert_false(presence_v1_twins_has_part(&twins));
    presence_v1_twins_set_part(&twins, 0.5);
    assert_true(presence_v1_twins_has_value(&twins) && presence_v1_twins_has_part(&twins));
    assert_false(presence_v1_twins_has_whole(&twins));
    assert_int_equal(twins.value__case, PRESENCE_V1_TWINS_VALUE__PART);
}

static void every_path_has_a_name_of_its_own(void **state)
{
    static const char *const paths[] = {
        "a/b", "a_b", "a.b", "a-b", "a_2fb", "a_5f2fb", "a_/b", "a__b", "_", "__"};
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_true(name_is_valid(name_unique(&arena, paths[i]), false));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(name_unique(&arena, paths[i]), name_unique(&arena, paths[j]));
        }
    }
    assert_string_equal(name_unique(&arena, "field_mask"), "field_mask");
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zero_that_was_set_survives_the_wire_and_an_absent_field_stays_absent),
        cmocka_unit_test(a_oneof_holds_its_last_field_only),
        cmocka_unit_test(proto2_presence_reads_like_that_of_proto3),
        cmocka_unit_test(fields_named_like_keywords_get_an_underscore),
        cmocka_unit_test(a_call_reaches_the_entry_of_its_method_and_an_absent_one_is_unimplemented),
        cmocka_unit_test(answers_are_sent_as_the_messages_they_are),
        cmocka_unit_test(a_service_whose_short_names_are_taken_gets_the_long_ones),
        cmocka_unit_test(a_method_called_like_what_is_made_for_another_gets_an_underscore),
        cmocka_unit_test(a_comment_without_its_full_stop_gets_one),
        cmocka_unit_test(enum_values_without_a_package_have_the_enums_name),
        cmocka_unit_test(the_least_number_is_a_default_like_others),
        cmocka_unit_test(an_optional_field_and_a_oneof_of_nearly_the_same_name_live_side_by_side),
        cmocka_unit_test(every_path_has_a_name_of_its_own),
        cmocka_unit_test(descriptors_and_all_their_imports_are_those_of_protoc),
        cmocka_unit_test(a_request_cut_short_anywhere_is_refused_or_answered_but_never_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
