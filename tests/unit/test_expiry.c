/* SPDX-License-Identifier: MIT */
/* Certificates that end soon, on a fake clock. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/timer.h"
#include "daemon/expiry.h"
#include "support/authority.h"

#define DAY_NS (86400 * NS_PER_S)

static char last[600];
static int lines;

static void on_line(const char *text, void *userdata)
{
    snprintf(last, sizeof(last), "%s", text);
    lines++;
}

static void an_end_is_told_a_month_ahead_and_then_each_day(void **state)
{
    struct fake_clock fake;
    struct timers timers;
    struct authority *authority = authority_new();
    struct issued server = authority_issue(authority, "server", NULL, -1, 31 * 24 + 1);
    const char *files[] = {server.certificate, "/nonexistent.pem", server.key};
    timers_init(&timers, fake_clock_init(&fake));
    fake.utc_ns = (int64_t)time(NULL) * NS_PER_S;
    struct expiry *expiry = expiry_new(&timers, files, ARRAY_LEN(files), on_line, NULL);
    assert_int_equal(lines, 0);
    timers_run_until(&timers, &fake, fake.at_ns + DAY_NS);
    assert_int_equal(lines, 0);
    timers_run_until(&timers, &fake, fake.at_ns + DAY_NS);
    assert_int_equal(lines, 1);
    assert_memory_equal(last, server.certificate, strlen(server.certificate));
    assert_non_null(strstr(last, ": a certificate in it ends in 29 days, on 20"));
    timers_run_until(&timers, &fake, fake.at_ns + 30 * DAY_NS);
    assert_int_equal(lines, 31);
    assert_non_null(strstr(last, "has expired on 20"));
    authority_issue(authority, "server", NULL, -1, 300 * 24); /* renewed, in the same files */
    timers_run_until(&timers, &fake, fake.at_ns + 2 * DAY_NS);
    assert_int_equal(lines, 31);
    expiry_free(expiry);
    timers_done(&timers);
    authority_free(authority);
}

static void a_new_one_is_a_whole_command_away(void **state)
{
    struct fake_clock fake;
    struct clock *clock = fake_clock_init(&fake);
    struct authority *authority = authority_new();
    struct issued server = authority_issue(authority, "server", "DNS:gw.local,IP:10.0.0.7", -1, 24);
    struct issued other = authority_issue(authority, "other", "DNS:gw.local", -1, 24);
    struct issued nobody = authority_issue(authority, "nobody", NULL, -1, 24);
    struct issued odd = authority_issue(/* an address of a single byte, and other.host */
        authority, "odd", "DER:30:0f:87:01:0a:82:0a:6f:74:68:65:72:2e:68:6f:73:74", -1, 24);
    const char *files[] = {server.certificate};
    char command[300];
    fake.utc_ns = (int64_t)time(NULL) * NS_PER_S;
    expiry_check(clock, files, 1, on_line, NULL);
    int folder = (int)(strrchr(server.certificate, '/') - server.certificate);
    snprintf(command, sizeof(command),
        "; a new one: microgridctl cert init --host gw.local --host 10.0.0.7 --folder %.*s --force", folder,
        server.certificate);
    assert_string_equal(strstr(last, "; "), command);
    files[0] = other.certificate;
    expiry_check(clock, files, 1, on_line, NULL);
    assert_non_null(strstr(last, " --force (as server.pem and server-key.pem)"));
    files[0] = nobody.certificate;
    expiry_check(clock, files, 1, on_line, NULL);
    assert_non_null(strstr(last, "; whoever issued it makes a new one"));
    files[0] = odd.certificate;
    expiry_check(clock, files, 1, on_line, NULL);
    assert_non_null(strstr(last, "microgridctl cert init --host other.host --folder "));
    authority_free(authority);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_end_is_told_a_month_ahead_and_then_each_day),
        cmocka_unit_test(a_new_one_is_a_whole_command_away)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
