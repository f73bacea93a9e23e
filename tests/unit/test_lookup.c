/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ugrpc/loop.h>

#include "net/address.h"
#include "ugrpc/lookup.h"
#include "ugrpc/loop_internal.h"

#define PATIENCE_S 10

/* ---- a loop, as a lookup sees it ---- */

static struct {
    int refusals; /* it is full, so many times more; then the lookup's thread has it */
    void (*fn)(void *userdata);
    void *userdata;
    sem_t posted;
} loop;

int ugrpc_loop_post(struct ugrpc_loop *any, void (*fn)(void *userdata), void *userdata)
{
    if (loop.refusals > 0) {
        loop.refusals--;
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    loop.fn = fn;
    loop.userdata = userdata;
    sem_post(&loop.posted);
    return 0;
}

bool loop_unpost(struct ugrpc_loop *any, void (*fn)(void *userdata), void *userdata)
{
    return false;
}

static void on_found(struct address *addresses, size_t n, const struct ugrpc_status *st, void *userdata)
{
    *(size_t *)userdata = n;
    free(addresses);
}

static void an_answer_waits_for_room_in_the_loop(void **state)
{
    struct ugrpc_status st;
    struct timespec until;
    size_t n = 0;
    loop.refusals = 2;
    sem_init(&loop.posted, 0, 0);
    assert_non_null(lookup_start(NULL, "127.0.0.1", "1", on_found, &n, &st));
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    assert_int_equal(sem_timedwait(&loop.posted, &until), 0);
    loop.fn(loop.userdata);
    assert_int_equal(n, 1);
    sem_destroy(&loop.posted);
}

/* ---- the order of addresses ---- */

/* "6a": an IPv6 address whose name is "a". */
static const char *interleaved(const char *const *names, size_t n)
{
    static char out[64];
    struct address addresses[8] = {0};
    for (size_t i = 0; i < n; i++) {
        addresses[i].sa.ss_family = names[i][0] == '6' ? AF_INET6 : AF_INET;
        addresses[i].len = (socklen_t)names[i][1];
    }
    lookup_interleave(addresses, n);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const char name[] = {addresses[i].sa.ss_family == AF_INET6 ? '6' : '4', (char)addresses[i].len, '\0'};
        strcat(strcat(out, i ? " " : ""), name);
    }
    return out;
}

#define INTERLEAVED(...)                                                                                     \
    interleaved(                                                                                             \
        (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void families_take_turns_and_keep_their_order(void **state)
{
    assert_string_equal(INTERLEAVED("6a", "6b", "6c", "4a", "4b"), "6a 4a 6b 4b 6c");
    assert_string_equal(INTERLEAVED("4a", "4b", "6a", "6b", "6c", "6d"), "4a 6a 4b 6b 6c 6d");
    assert_string_equal(INTERLEAVED("6a", "4a", "4b", "4c", "6b"), "6a 4a 6b 4b 4c");
}

static void one_family_stays_as_it_is(void **state)
{
    assert_string_equal(INTERLEAVED("4a", "4b", "4c"), "4a 4b 4c");
    assert_string_equal(INTERLEAVED("6a"), "6a");
    lookup_interleave(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_waits_for_room_in_the_loop),
        cmocka_unit_test(families_take_turns_and_keep_their_order),
        cmocka_unit_test(one_family_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
