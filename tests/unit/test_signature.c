/* SPDX-License-Identifier: MIT */
/* Signed calls, on a fake clock: what is let in, what is not, and what is remembered. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "daemon/nonces.h"
#include "daemon/signature.h"
#include "ugrpc/creds_internal.h"

#define SECRET   "0123456789abcdef"
#define METHOD   "/frequenz.api.microgrid.v1.Microgrid/ListComponents"
#define WINDOW_S 60

struct fixture {
    struct fake_clock fake;
    struct clock *clock;
    struct signer *signer;
    struct ugrpc_status st;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.signer = signer_new(SECRET)};
    f.clock = fake_clock_init(&f.fake);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    signer_free(((struct fixture *)*state)->signer);
    return 0;
}

/* A call as a client makes it; texts are the caller's. */
struct made {
    char ts[24], nonce[32], sig[CREDS_SIGNATURE_LEN + 1];
    struct signature as_sent;
};

static const struct signature *make(struct made *made, int64_t ts, const char *nonce, const char *secret)
{
    snprintf(made->ts, sizeof(made->ts), "%lld", (long long)ts);
    snprintf(made->nonce, sizeof(made->nonce), "%s", nonce);
    assert_int_equal(creds_sign(made->sig, secret, "open sesame", made->ts, made->nonce, METHOD), 0);
    made->as_sent = (struct signature){
        .key = "open sesame", .method = METHOD, .ts = made->ts, .nonce = made->nonce, .sig = made->sig};
    return &made->as_sent;
}

static int check(struct fixture *f, const struct signature *signature)
{
    f->st = (struct ugrpc_status){0};
    return signature_check(f->signer, signature, "key ems", f->clock, WINDOW_S, &f->st);
}

static int64_t now_s(const struct fixture *f)
{
    return f->fake.utc_ns / NS_PER_S;
}

#define NONCE  "AAECAwQFBgcICQoLDA0ODw=="
#define NONCE2 "__ECAwQFBgcICQoLDA0OD-=="

static void expect(struct fixture *f, const struct signature *signature, const char *why)
{
    assert_int_equal(check(f, signature), -UGRPC_UNAUTHENTICATED);
    assert_memory_equal(f->st.message, "key ems", 7);
    if (!strstr(f->st.message, why)) {
        fail_msg("\"%s\" is not in \"%s\"", why, f->st.message);
    }
    assert_null(strstr(f->st.message, SECRET));
}

static void a_call_signed_with_the_secret_is_let_in_once(void **state)
{
    struct fixture *f = *state;
    struct made made;
    assert_int_equal(check(f, make(&made, now_s(f), NONCE, SECRET)), 0);
    expect(f, &made.as_sent, "\"nonce\" was used before");
    assert_int_equal(check(f, make(&made, now_s(f), NONCE2, SECRET)), 0);
    expect(f, make(&made, now_s(f) + 1, NONCE, SECRET), "\"nonce\" was used before");
}

/* Computed with: printf '%s' 'open sesame1767268800AAECAwQFBgcICQoLDA0ODw==ListComponents' |
 * openssl dgst -sha256 -hmac 0123456789abcdef -binary | basenc --base64url */
static void the_signature_is_what_another_program_computes(void **state)
{
    struct fixture *f = *state;
    const struct signature signature = {.key = "open sesame",
        .method = METHOD,
        .ts = "1767268800",
        .nonce = NONCE,
        .sig = "Y64IbFMyHFJXN-O7PB8ovD8FZwYwSsLnN1ibO_SUJwo="};
    assert_int_equal(now_s(f), 1767268800);
    assert_int_equal(check(f, &signature), 0);
}

static void its_time_is_within_the_window_on_either_side(void **state)
{
    struct fixture *f = *state;
    struct made made;
    assert_int_equal(check(f, make(&made, now_s(f) - WINDOW_S, NONCE, SECRET)), 0);
    assert_int_equal(check(f, make(&made, now_s(f) + WINDOW_S, NONCE2, SECRET)), 0);
    expect(f, make(&made, now_s(f) - WINDOW_S - 1, NONCE, SECRET), "61 s behind this gateway's clock");
    expect(f, make(&made, now_s(f) + WINDOW_S + 1, NONCE, SECRET), "61 s ahead of this gateway's clock");
    expect(f, &made.as_sent, "at most 60 s are allowed");
}

static void what_is_missing_or_wrong_is_named(void **state)
{
    struct fixture *f = *state;
    struct made made;
    struct signature one = *make(&made, now_s(f), NONCE, SECRET);
    struct signature without_ts = one, without_nonce = one, without_sig = one;
    without_ts.ts = without_nonce.nonce = without_sig.sig = NULL;
    expect(f, &without_ts, "metadata \"ts\" is missing");
    expect(f, &without_nonce, "metadata \"nonce\" is missing");
    expect(f, &without_sig, "metadata \"sig\" is missing");
    static const char *const no_ts[] = {"", "-1", "+1", " 1", "1.0", "0x1", "123456789012", "now", "1 "};
    for (size_t i = 0; i < ARRAY_LEN(no_ts); i++) {
        struct signature wrong = one;
        wrong.ts = no_ts[i];
        expect(f, &wrong, "\"ts\" must be Unix seconds");
    }
    static const char *const no_nonce[] = {"", "=", "AAECAwQFBgcICQoLDA0ODw===", "AAECAwQFBgcICQoLDA0OD",
        "AAECAwQFBgcICQoLDA0ODxA=", "AAECAwQFBgcICQoLDA0O+w==", "AAECAwQFBg=ICQoLDA0ODw==", "\xff"};
    for (size_t i = 0; i < ARRAY_LEN(no_nonce); i++) {
        struct signature wrong = one;
        wrong.nonce = no_nonce[i];
        expect(f, &wrong, "\"nonce\" must be 16 bytes in URL-safe base64");
    }
    static const char *const no_sig[] = {"", "short", "+/////////////////////////////////////////",
        "5SQH42tR_ZTih5pCnDGTl-UyE0wgNX0vU-zO6Fa9DtoA"};
    for (size_t i = 0; i < ARRAY_LEN(no_sig); i++) {
        struct signature wrong = one;
        wrong.sig = no_sig[i];
        expect(f, &wrong, "\"sig\" must be 32 bytes in URL-safe base64");
    }
    assert_int_equal(check(f, &one), 0);
}

static void a_signature_of_anything_else_is_refused_and_uses_up_no_nonce(void **state)
{
    struct fixture *f = *state;
    struct made made, other;
    expect(f, make(&made, now_s(f), NONCE, "another secret!!"), "not this call's signature");
    const struct signature *right = make(&made, now_s(f), NONCE, SECRET);
    struct signature wrong = *right;
    wrong.key = "open sesam";
    expect(f, &wrong, "not this call's signature");
    wrong = *right;
    wrong.method = "/frequenz.api.microgrid.v1.Microgrid/StopComponent";
    expect(f, &wrong, "not this call's signature");
    wrong = *right;
    wrong.nonce = NONCE2;
    expect(f, &wrong, "not this call's signature");
    make(&other, now_s(f) + 1, NONCE, SECRET);
    wrong = *right;
    wrong.ts = other.ts;
    expect(f, &wrong, "not this call's signature");
    assert_int_equal(check(f, right), 0);
}

/* Whatever the wall clock does: it is set forth beyond the window, and back again. */
static void a_jump_of_the_wall_clock_makes_no_nonce_new(void **state)
{
    struct fixture *f = *state;
    struct made made, other;
    assert_int_equal(check(f, make(&made, now_s(f) + WINDOW_S, NONCE, SECRET)), 0);
    f->fake.utc_ns += 3600 * NS_PER_S;
    assert_int_equal(check(f, make(&other, now_s(f), NONCE2, SECRET)), 0);
    expect(f, &made.as_sent, "behind this gateway's clock");
    f->fake.utc_ns -= 3600 * NS_PER_S;
    expect(f, &made.as_sent, "was used before");
    fake_clock_advance_ns(
        &f->fake, 2 * WINDOW_S * NS_PER_S + NS_PER_S - 1); /* the last moment of its window */
    f->fake.utc_ns -= NS_PER_S - 1;
    expect(f, &made.as_sent, "was used before");
    fake_clock_advance_ns(&f->fake, NS_PER_S);
    expect(f, &made.as_sent, "behind this gateway's clock");
}

/* ---- nonces ---- */

static const uint8_t *nonce_of(uint32_t n)
{
    static uint8_t nonce[NONCE_BYTES];
    for (size_t i = 0; i < NONCE_BYTES; i++) {
        nonce[i] = (uint8_t)(n >> 8 * (i % 4));
    }
    return nonce;
}

static void beyond_the_bound_none_is_forgotten_early(void **state)
{
    struct nonces *nonces = nonces_new();
    for (uint32_t i = 0; i < NONCES_MAX; i++) {
        assert_int_equal(nonces_add(nonces, nonce_of(i), i, 1000000), 0);
    }
    assert_int_equal(nonces_add(nonces, nonce_of(NONCES_MAX), 999999, 1000000), -UGRPC_RESOURCE_EXHAUSTED);
    assert_int_equal(nonces_add(nonces, nonce_of(0), 999999, 1000000), -UGRPC_ALREADY_EXISTS);
    assert_int_equal(nonces_add(nonces, nonce_of(NONCES_MAX), 1000000, 1000000), 0); /* the first has gone */
    assert_int_equal(nonces_add(nonces, nonce_of(0), 1000000, 1000000), -UGRPC_RESOURCE_EXHAUSTED);
    assert_int_equal(nonces_add(nonces, nonce_of(0), 1000001, 1000000), 0);
    assert_int_equal(nonces_count(nonces), NONCES_MAX);
    assert_int_equal(nonces_add(nonces, nonce_of(1), 3000000, 1000000), 0); /* all have gone */
    assert_int_equal(nonces_count(nonces), 1);
    nonces_free(nonces);
}

static void each_is_known_for_as_long_as_it_is_kept(void **state)
{
    struct nonces *nonces = nonces_new();
    for (int64_t now = 0; now < 5000;
         now++) { /* seven new ones at a time, of which three chains are the same */
        for (uint32_t i = 0; i < 7; i++) {
            uint32_t n = ((uint32_t)now * 7 + i) << (i % 2 ? 16 : 0);
            int rc = nonces_add(nonces, nonce_of(n | (i % 2)), now, 50);
            assert_true(rc == 0 || i % 2 == 0);
            assert_int_equal(nonces_add(nonces, nonce_of(n | (i % 2)), now, 50), -UGRPC_ALREADY_EXISTS);
        }
        assert_true(nonces_count(nonces) <= 350);
    }
    nonces_free(nonces);
}

static void too_many_signed_calls_are_told_so(void **state)
{
    struct fixture *f = *state;
    struct made made;
    for (int i = 0; i < NONCES_MAX; i++) {
        char nonce[32];
        snprintf(nonce, sizeof(nonce), "%05dAAAAAAAAAAAAAAAAA==", i);
        assert_int_equal(check(f, make(&made, now_s(f), nonce, SECRET)), 0);
    }
    assert_int_equal(check(f, make(&made, now_s(f), NONCE, SECRET)), -UGRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(f->st.message,
        "key ems: 65536 signed calls within 121 s are all that can be told from repeated ones; call less often");
    fake_clock_advance_ns(&f->fake, 121 * NS_PER_S);
    assert_int_equal(check(f, make(&made, now_s(f), NONCE, SECRET)), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_signed_with_the_secret_is_let_in_once),
        TEST(the_signature_is_what_another_program_computes),
        TEST(its_time_is_within_the_window_on_either_side),
        TEST(what_is_missing_or_wrong_is_named),
        TEST(a_signature_of_anything_else_is_refused_and_uses_up_no_nonce),
        TEST(a_jump_of_the_wall_clock_makes_no_nonce_new),
        TEST(beyond_the_bound_none_is_forgotten_early),
        TEST(each_is_known_for_as_long_as_it_is_kept),
        TEST(too_many_signed_calls_are_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
