/* SPDX-License-Identifier: MIT */
/* What a site's components get from those around them. */
#include "unit.h"

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/timer.h"
#include "daemon/config.h"
#include "daemon/site_build.h"
#include "model/site.h"
#include "near.h"

/* What the connection lets through, both ways. */
static struct range limits_of(const char *components)
{
    struct problems problems = {0};
    struct fake_clock clock;
    struct timers timers;
    char text[1024];
    snprintf(text, sizeof(text), "version: 1\nsite: {id: 7, name: Test}\ncomponents:\n%s", components);
    timers_init(&timers, fake_clock_init(&clock));
    struct config *config = config_parse(text, strlen(text), "site.yaml", &problems);
    struct site *site = site_build(config, &timers, &problems);
    problems_print(&problems, "site.yaml", stderr);
    assert_int_equal(problems_count(&problems), 0);
    struct range active_w = site_component_by_name(site, "grid")->spec.rated[BOUNDED_ACTIVE];
    site_free(site);
    config_free(config);
    problems_done(&problems);
    timers_done(&timers);
    return active_w;
}

static void assert_limits(const char *components, double lower_w, double upper_w)
{
    struct range active_w = limits_of(components);
    assert_near(active_w.lower, lower_w, 0.01);
    assert_near(active_w.upper, upper_w, 0.01);
}

#define METER "  meter: {id: 2, type: meter, under: grid}\n"

static void a_connection_without_limits_has_those_of_its_fuse(void **state)
{
    const double amperes = 100;
    assert_limits("  grid: {id: 1, type: grid, fuse: 100 A}\n" METER, -sqrt(3) * 400 * amperes,
        sqrt(3) * 400 * amperes);
    assert_limits("  grid: {id: 1, type: grid, fuse: 100 A, voltage: 120 V}\n" METER, -3 * 120 * amperes,
        3 * 120 * amperes);
    assert_limits("  grid: {id: 1, type: grid, fuse: 100 A}\n"
                  "  mains: {id: 3, type: transformer, under: grid, primary: 20 kV, secondary: 400 V}\n"
                  "  meter: {id: 2, type: meter, under: mains}\n",
        -sqrt(3) * 20000 * amperes, sqrt(3) * 20000 * amperes);
}

static void what_the_file_limits_stays(void **state)
{
    assert_limits(
        "  grid: {id: 1, type: grid, fuse: 100 A, import_limit: 60 kW}\n" METER, -sqrt(3) * 400 * 100, 60000);
    assert_limits(
        "  grid: {id: 1, type: grid, fuse: 100 A, export_limit: 0 W}\n" METER, 0, sqrt(3) * 400 * 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_without_limits_has_those_of_its_fuse),
        cmocka_unit_test(what_the_file_limits_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
