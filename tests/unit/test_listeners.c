/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ugrpc/loop.h>
#include <ugrpc/server.h>

#include "base/timer.h"
#include "daemon/listeners.h"

/* One server holds a port, another wants it, and the clock moves by hand. */
struct fixture {
    struct ugrpc_loop *loop;
    struct ugrpc_server *holder, *server;
    struct fake_clock clock;
    struct timers timers;
    const char *address; /* the one that is held */
    unsigned done;
    struct ugrpc_status result;
};

static void on_done(const struct ugrpc_status *st, void *userdata)
{
    struct fixture *f = userdata;
    f->done++;
    f->result = *st;
}

static void set_up(struct fixture *f)
{
    struct ugrpc_status st;
    *f = (struct fixture){.loop = ugrpc_loop_new()};
    f->holder = ugrpc_server_new(f->loop, NULL, &st);
    f->server = ugrpc_server_new(f->loop, NULL, &st);
    timers_init(&f->timers, fake_clock_init(&f->clock));
    assert_int_equal(ugrpc_server_listen(f->holder, "127.0.0.1:0", NULL, &st), 0);
    f->address = ugrpc_server_address(f->holder, 0);
}

static void tear_down(struct fixture *f)
{
    ugrpc_server_free(f->holder);
    ugrpc_server_free(f->server);
    timers_done(&f->timers);
    ugrpc_loop_free(f->loop);
}

static void move(struct fixture *f, int64_t ms)
{
    timers_run_until(&f->timers, &f->clock, f->clock.at_ns + ms * NS_PER_MS);
}

static struct listeners *open_at(
    struct fixture *f, const char *const *addresses, size_t n, int rc, struct ugrpc_status *st)
{
    struct listeners *listeners = listeners_new(&(struct listeners_options){
        .server = f->server,
        .timers = &f->timers,
        .addresses = addresses,
        .n = n,
        .done = on_done,
        .userdata = f,
    });
    assert_int_equal(listeners_open(listeners, st), rc);
    assert_int_equal(f->done, 0);
    return listeners;
}

static void free_addresses_are_bound_at_once(void **state)
{
    struct fixture f;
    struct ugrpc_status st;
    set_up(&f);
    struct listeners *listeners = open_at(&f, (const char *[]){"127.0.0.1:0", "127.0.0.1:0"}, 2, 0, &st);
    assert_non_null(ugrpc_server_address(f.server, 1));
    listeners_free(listeners);
    tear_down(&f);
}

static void a_port_in_use_is_tried_for_ten_seconds_and_then_its_holder_named(void **state)
{
    struct fixture f;
    struct ugrpc_status st;
    char holder[64];
    set_up(&f);
    struct listeners *listeners = open_at(&f, &f.address, 1, 1, &st);
    move(&f, 9999);
    assert_int_equal(f.done, 0);
    move(&f, 1);
    assert_int_equal(f.done, 1);
    assert_int_equal(f.result.code, UGRPC_ALREADY_EXISTS);
    snprintf(holder, sizeof(holder), "%s is in use by pid %d (", f.address, (int)getpid());
    assert_memory_equal(f.result.message, holder, strlen(holder));
    assert_non_null(strstr(f.result.message, "test_listeners"));
    move(&f, 60000);
    assert_int_equal(f.done, 1);
    listeners_free(listeners);
    tear_down(&f);
}

static void a_port_that_comes_free_meanwhile_is_taken_and_the_others_after_it(void **state)
{
    struct fixture f;
    struct ugrpc_status st;
    char wanted[64];
    set_up(&f);
    snprintf(wanted, sizeof(wanted), "%s", f.address);
    struct listeners *listeners = open_at(
        &f, (const char *[]){"127.0.0.1:0", wanted, "127.0.0.1:0"}, 3, 1, &st);
    move(&f, 5000);
    assert_null(ugrpc_server_address(f.server, 1));
    ugrpc_server_free(f.holder);
    f.holder = NULL;
    ugrpc_loop_turn(f.loop); /* its listener is closed in the next turn */
    move(&f, 250);
    assert_int_equal(f.done, 1);
    assert_int_equal(f.result.code, UGRPC_OK);
    assert_string_equal(ugrpc_server_address(f.server, 1), wanted);
    assert_non_null(ugrpc_server_address(f.server, 2));
    listeners_free(listeners);
    tear_down(&f);
}

static void freed_while_it_waits_it_never_calls_back(void **state)
{
    struct fixture f;
    struct ugrpc_status st;
    set_up(&f);
    listeners_free(open_at(&f, &f.address, 1, 1, &st));
    move(&f, 60000);
    assert_int_equal(f.done, 0);
    tear_down(&f);
}

static void an_address_that_can_never_be_bound_is_told_at_once(void **state)
{
    struct fixture f;
    struct ugrpc_status st;
    set_up(&f);
    struct listeners *listeners = open_at(
        &f, (const char *[]){"unix:/nonexistent/socket"}, 1, -UGRPC_FAILED_PRECONDITION, &st);
    assert_string_equal(st.message, "cannot listen on unix:/nonexistent/socket: No such file or directory");
    listeners_free(listeners);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_addresses_are_bound_at_once),
        cmocka_unit_test(a_port_in_use_is_tried_for_ten_seconds_and_then_its_holder_named),
        cmocka_unit_test(a_port_that_comes_free_meanwhile_is_taken_and_the_others_after_it),
        cmocka_unit_test(freed_while_it_waits_it_never_calls_back),
        cmocka_unit_test(an_address_that_can_never_be_bound_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
