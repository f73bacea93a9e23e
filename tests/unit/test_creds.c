/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "ugrpc/creds_internal.h"
#include "ugrpc/text.h"

#define METHOD "/frequenz.api.microgrid.v1.Microgrid/ListComponents"

static struct arena arena;
static struct outgoing_metadata *list;

static int set_up(void **state)
{
    arena = (struct arena){0};
    list = NULL;
    return 0;
}

static int tear_down(void **state)
{
    arena_done(&arena);
    return 0;
}

static const char *value_of(const char *key)
{
    static char text[256];
    for (const struct outgoing_metadata *m = list; m; m = m->next) {
        if (m->nv.namelen == strlen(key) && memcmp(m->nv.name, key, m->nv.namelen) == 0) {
            snprintf(text, sizeof(text), "%.*s", (int)m->nv.valuelen, (const char *)m->nv.value);
            return text;
        }
    }
    return NULL;
}

static void a_key_is_one_pair_of_metadata(void **state)
{
    struct ugrpc_call_creds *creds = ugrpc_call_creds_key("s3cret");
    struct ugrpc_status st;
    assert_int_equal(creds_apply(creds, METHOD, &list, &arena, &st), 0);
    assert_string_equal(value_of("key"), "s3cret");
    assert_int_equal(outgoing_metadata_count(list), 1);
    ugrpc_call_creds_free(creds);
}

/* Computed with: printf '%s' 'api-key1700000000AAECAwQFBgcICQoLDA0ODw==ListComponents' |
 * openssl dgst -sha256 -hmac secret -binary | basenc --base64url */
static void the_signature_is_what_the_published_clients_send(void **state)
{
    char signature[CREDS_SIGNATURE_LEN + 1];
    assert_int_equal(
        creds_sign(signature, "secret", "api-key", "1700000000", "AAECAwQFBgcICQoLDA0ODw==", METHOD), 0);
    assert_string_equal(signature, "5SQH42tR_ZTih5pCnDGTl-UyE0wgNX0vU-zO6Fa9Dto");
}

static void a_signed_call_has_key_time_nonce_and_signature(void **state)
{
    struct ugrpc_call_creds *creds = ugrpc_call_creds_hmac("api-key", "secret");
    struct ugrpc_status st;
    char ts[256], nonce[256], first[256], signature[CREDS_SIGNATURE_LEN + 1];
    assert_int_equal(creds_apply(creds, METHOD, &list, &arena, &st), 0);
    assert_string_equal(value_of("key"), "api-key");
    snprintf(ts, sizeof(ts), "%s", value_of("ts"));
    snprintf(nonce, sizeof(nonce), "%s", value_of("nonce"));
    snprintf(first, sizeof(first), "%s", value_of("sig"));
    assert_int_equal(strlen(nonce), 24);
    assert_int_equal(strspn(nonce, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 22);
    assert_string_equal(nonce + 22, "==");
    assert_int_equal(creds_sign(signature, "secret", "api-key", ts, nonce, METHOD), 0);
    assert_string_equal(first, signature);
    list = NULL;
    assert_int_equal(creds_apply(creds, METHOD, &list, &arena, &st), 0);
    assert_string_not_equal(value_of("nonce"), nonce); /* never twice */
    ugrpc_call_creds_free(creds);
}

/* So that a secret which was not read is seen at the first call, and not taken for a key without one. */
static void without_a_secret_it_signs_all_the_same(void **state)
{
    struct ugrpc_call_creds *creds = ugrpc_call_creds_hmac("api-key", NULL);
    struct ugrpc_status st;
    list = NULL;
    assert_int_equal(creds_apply(creds, METHOD, &list, &arena, &st), 0);
    assert_int_equal(strlen(value_of("sig")), CREDS_SIGNATURE_LEN);
    ugrpc_call_creds_free(creds);
}

static int refuse(struct ugrpc_creds_sink *sink, const char *method, void *userdata, struct ugrpc_status *st)
{
    return ugrpc_status_set(st, UGRPC_UNAUTHENTICATED, "no token for %s", method);
}

static void count_frees(void *userdata)
{
    ++*(int *)userdata;
}

static void a_plugin_may_refuse_and_is_freed_with_its_last_user(void **state)
{
    int frees = 0;
    struct ugrpc_status st;
    struct ugrpc_call_creds *creds = ugrpc_call_creds_plugin(refuse, &frees, count_frees);
    struct ugrpc_call_creds *channels = creds_ref(creds);
    assert_int_equal(creds_apply(creds, METHOD, &list, &arena, &st), -UGRPC_UNAUTHENTICATED);
    assert_string_equal(st.message, "no token for " METHOD);
    ugrpc_call_creds_free(creds);
    assert_int_equal(frees, 0);
    ugrpc_call_creds_free(channels);
    assert_int_equal(frees, 1);
}

static void a_key_that_cannot_be_sent_ends_the_call(void **state)
{
    struct ugrpc_status st;
    struct ugrpc_call_creds *creds = ugrpc_call_creds_key("two\nlines");
    assert_int_equal(creds_apply(creds, METHOD, &list, &arena, &st), -UGRPC_INVALID_ARGUMENT);
    assert_null(strstr(st.message, "two")); /* secrets stay out of messages */
    ugrpc_call_creds_free(creds);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_key_is_one_pair_of_metadata),
        test(the_signature_is_what_the_published_clients_send),
        test(a_signed_call_has_key_time_nonce_and_signature),
        test(without_a_secret_it_signs_all_the_same),
        test(a_plugin_may_refuse_and_is_freed_with_its_last_user),
        test(a_key_that_cannot_be_sent_ends_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
