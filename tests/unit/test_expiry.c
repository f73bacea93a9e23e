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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_end_is_told_a_month_ahead_and_then_each_day)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
