/* SPDX-License-Identifier: MIT */
/* The file of keys and certificates: what its lines mean, and what is said of wrong ones. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "daemon/config.h"
#include "daemon/keys.h"

/* SHA-256 of "secret" and of "other", by another program. */
#define SECRET "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
#define OTHER  "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
#define SIGNS  "secret=0123456789abcdef"

#define SITE                                                                                                 \
    "version: 1\nsite: {id: 1, name: Test}\ncomponents:\n"                                                   \
    "  grid: {id: 1, type: grid, fuse: 1 A}\n  meter: {id: 2, type: meter, under: grid}\n"                   \
    "  pv_inv: {id: 9, type: pv_inverter, under: meter, rated: 10 kW}\n"

static struct config *config;

static int set_up(void **state)
{
    struct problems problems = {.n = 0};
    config = config_parse(SITE, strlen(SITE), "site.yaml", &problems);
    problems_print(&problems, "site.yaml", stderr);
    size_t n = problems_count(&problems);
    problems_done(&problems);
    return n ? -1 : 0;
}

static int tear_down(void **state)
{
    config_free(config);
    return 0;
}

static struct keys *parse(const char *text)
{
    struct ugrpc_status st = {0};
    struct keys *keys = keys_parse(text, strlen(text), "keys", config, &st);
    if (!keys) {
        fail_msg("%s", st.message);
    }
    return keys;
}

static void a_key_is_known_by_its_digest(void **state)
{
    struct keys *keys = parse("# who may come in\n\nems " SECRET "\nscada " OTHER "\n");
    assert_string_equal(keys_find(keys, "secret")->rights.holder, "key ems");
    assert_string_equal(keys_find(keys, "other")->rights.holder, "key scada");
    assert_null(keys_find(keys, "Secret"));
    assert_null(keys_find(keys, ""));
    assert_null(keys_find(keys, SECRET));
    keys_free(keys);
}

static void a_line_without_more_is_an_operators_for_all_components(void **state)
{
    struct keys *keys = parse("ems " SECRET "\n");
    const struct key *key = keys_find(keys, "secret");
    assert_int_equal(key->rights.role, ROLE_OPERATOR);
    assert_null(key->rights.components);
    assert_null(key->signer);
    assert_int_equal(keys_count(keys, ROLE_OPERATOR), 1);
    assert_false(keys_have_certificates(keys));
    keys_free(keys);
}

static void a_line_may_say_role_components_and_secret(void **state)
{
    struct keys *keys = parse(
        "tv " OTHER " role=viewer\nems " SECRET " " SIGNS " components=pv_inv,2 role=admin");
    const struct key *key = keys_find(keys, "secret");
    assert_int_equal(key->rights.role, ROLE_ADMIN);
    assert_int_equal(key->rights.n_components, 2);
    assert_int_equal(key->rights.components[0], 9);
    assert_int_equal(key->rights.components[1], 2);
    assert_non_null(key->signer);
    assert_int_equal(keys_find(keys, "other")->rights.role, ROLE_VIEWER);
    assert_int_equal(keys_count(keys, ROLE_VIEWER), 1);
    keys_free(keys);
}

static void a_certificate_is_known_by_its_common_name_alone(void **state)
{
    static const char *const known[] = {"CN=ems", "CN=ems,O=Site", "O=Site+CN=ems", "CN=ems,CN=tv"},
                             *const not [] = {"", "O=ems", "CN=em", "CN=emsx", "CN=tv,CN=ems", "O=x\\,CN=ems",
                                 "CN=x\\,CN=ems", "CN=ems\\", "CN=", "XCN=ems", "O=\\", "CN=ems\\,O=Site"};
    struct keys *keys = parse("cert:ems role=viewer components=9\nems " SECRET);
    assert_true(keys_have_certificates(keys));
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        const struct key *key = keys_find_certificate(keys, known[i]);
        assert_string_equal(key->rights.holder, "certificate ems");
        assert_int_equal(key->rights.role, ROLE_VIEWER);
    }
    for (size_t i = 0; i < ARRAY_LEN(not ); i++) {
        assert_null(keys_find_certificate(keys, not [i]));
    }
    keys_free(keys);
}

/* As a disk may leave a file whose last block it has lost: else the rest of the line, its role, would too. */
static void a_line_with_a_nul_is_refused(void **state)
{
    static const char text[] = "ems " SECRET "\n\ntv " OTHER "\0 role=viewer\n";
    struct ugrpc_status st = {0};
    assert_null(keys_parse(text, sizeof(text) - 1, "keys", config, &st));
    assert_string_equal(st.message, "keys:3: has a NUL character: no text file");
}

static void a_wrong_line_is_told_with_its_number_and_what_is_wrong(void **state)
{
    static const struct {
        const char *line, *why;
    } wrong[] = {
        {"scada", "SHA-256"},
        {"scada 1234", "64 hexadecimal digits: microgridctl key new scada"},
        {"scada " OTHER "0", "64 hexadecimal digits"},
        {"scada " OTHER " more", "without = after the digest: role=, components= and secret= are known"},
        {"scada " OTHER " roles=admin", "word roles after the digest"},
        {"scada " OTHER " role=boss", "role=boss: must be viewer, operator or admin"},
        {"scada " OTHER " role=", "must be viewer, operator or admin"},
        {"scada " OTHER " role=viewer role=admin", "role= is there twice"},
        {"scada " OTHER " components=", "components= names none"},
        {"scada " OTHER " components=2,99", "no component \"99\""},
        {"scada " OTHER " components=pv_in", "no component \"pv_in\"; did you mean pv_inv?"},
        {"scada " OTHER " secret=short", "must have 16 to 128 bytes, this one has 5"},
        {"ems " OTHER, "key ems is in line 1 already"},
        {"scada " SECRET, "key scada has the same key as key ems in line 1"},
        {"0123456789012345678901234567890123456789012345678901234567890123 " OTHER, "1 to 63 bytes"},
        {"cert: role=viewer", "1 to 63 bytes"},
        {"cert:ems " OTHER, "without = after the name"},
        {"cert:ems " SIGNS, "only a key does"},
        {"caf\xc3\xa9 " OTHER, "printable ASCII"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct ugrpc_status st = {0};
        char text[300];
        snprintf(text, sizeof(text), "ems " SECRET "\n%s\n", wrong[i].line);
        assert_null(keys_parse(text, strlen(text), "keys", config, &st));
        assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
        assert_memory_equal(st.message, "keys:2: ", 8);
        if (!strstr(st.message, wrong[i].why)) {
            fail_msg("\"%s\" is not in \"%s\"", wrong[i].why, st.message);
        }
    }
}

static void no_message_tells_a_secret(void **state)
{
    static const char *const lines[] = {
        "ems " SECRET " secret=hush\n",
        "ems " SECRET " " SIGNS " " SIGNS "\n",
        "ems " SECRET " secrets=hush\n",
        "ems " SECRET " hush\n",
        "ems hush\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct ugrpc_status st = {0};
        assert_null(keys_parse(lines[i], strlen(lines[i]), "keys", config, &st));
        assert_null(strstr(st.message, "hush"));
        assert_null(strstr(st.message, "0123456789abcdef"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_known_by_its_digest),
        cmocka_unit_test(a_line_without_more_is_an_operators_for_all_components),
        cmocka_unit_test(a_line_may_say_role_components_and_secret),
        cmocka_unit_test(a_certificate_is_known_by_its_common_name_alone),
        cmocka_unit_test(a_line_with_a_nul_is_refused),
        cmocka_unit_test(a_wrong_line_is_told_with_its_number_and_what_is_wrong),
        cmocka_unit_test(no_message_tells_a_secret),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
