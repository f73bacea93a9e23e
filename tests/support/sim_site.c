/* SPDX-License-Identifier: MIT */
#include "sim_site.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "driver/sim/sim.h"

static const struct caller me = {"test", "the test"};

struct sim_site *sim_site_new(void)
{
    struct sim_site *f = calloc(1, sizeof(*f));
    const struct site_spec spec = {
        .id = 1, .name = "test", .latitude = 52, .longitude = 13, .country = "DE", .delivery_area = ""};
    const struct sim_options options = {.seed = 7, .start_at_s = 12 * 3600};
    assert_non_null(f);
    timers_init(&f->timers, fake_clock_init(&f->fake));
    f->site = site_new(&spec, &f->timers);
    f->sim = sim_new(f->site, &options, NULL);
    assert_non_null(f->sim);
    return f;
}

void sim_site_start(struct sim_site *f)
{
    assert_int_equal(f->sim->driver->start(f->sim, NULL), 0);
}

void sim_site_free(struct sim_site *f)
{
    f->sim->driver->destroy(f->sim);
    site_free(f->site);
    timers_done(&f->timers);
    free(f);
}

struct component *sim_site_add(struct sim_site *f, uint64_t id, enum component_type type,
    struct component *under, double lower, double upper, struct setting *settings, size_t n)
{
    struct ugrpc_status st = {0};
    char name[64];
    snprintf(name, sizeof(name), "%s_%llu", component_type_name(type), (unsigned long long)id);
    struct component_spec spec = {.id = id,
        .name = name,
        .type = type,
        .manufacturer = "",
        .model_name = "",
        .fuse_current_a = 63,
        .least_w = type == COMPONENT_CHP ? -lower / 2 : 0,
        .interval_ns = NS_PER_S};
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        spec.rated[i] = (struct range){NAN, NAN};
    }
    if (type == COMPONENT_BATTERY) {
        spec.rated[BOUNDED_DC_POWER] = (struct range){lower, upper};
        spec.rated[BOUNDED_SOC] = (struct range){10, 90};
    } else if (type == COMPONENT_CAPACITOR_BANK) {
        spec.rated[BOUNDED_REACTIVE] = (struct range){lower, upper};
    } else if (lower != upper) {
        spec.rated[BOUNDED_ACTIVE] = (struct range){lower, upper};
    }
    struct component *component = site_add_component(f->site, &spec, &st);
    assert_string_equal(st.message, "");
    assert_non_null(component);
    if (under) {
        assert_int_equal(site_connect(f->site, under, component, &st), 0);
    }
    struct settings all = {settings, n};
    assert_int_equal(sim_attach_component(f->sim, component, &all, &st), 0);
    return component;
}

void sim_site_run_s(struct sim_site *f, double seconds)
{
    timers_run_until(&f->timers, &f->fake, f->fake.at_ns + (int64_t)(seconds * 1e9));
}

static void on_done(const struct ugrpc_status *st, void *userdata)
{
    struct sim_site *f = userdata;
    f->n_done++;
    f->done = *st;
}

static void on_command(const struct ugrpc_status *st, int64_t valid_until_utc_ns, void *userdata)
{
    on_done(st, userdata);
}

void sim_site_set_power(struct sim_site *f, struct component *component, double watts)
{
    struct ugrpc_status st = {0};
    int before = f->n_done;
    int rc = command_set_power(component, AXIS_ACTIVE, &me, watts, 60, on_command, f, &st);
    assert_string_equal(st.message, "");
    assert_int_equal(rc, 0);
    sim_site_run_s(f, 0.05);
    assert_int_equal(f->n_done, before + 1);
    assert_int_equal(f->done.code, UGRPC_OK);
}

void sim_site_bound(
    struct sim_site *f, struct component *component, enum metric metric, double lower, double upper)
{
    const struct range range = {lower, upper};
    const struct bounds_request request = {
        .metric = metric, .ranges = &range, .n = 1, .lifetime_ns = 300 * NS_PER_S};
    int64_t until_utc_ns;
    assert_int_equal(bounds_add(component, &me, &request, &until_utc_ns, NULL), 0);
}

void sim_site_run_action(struct sim_site *f, struct component *component, enum lifecycle_action action)
{
    struct ugrpc_status st = {0};
    int before = f->n_done;
    int rc = lifecycle_run(component, action, &me, on_done, f, &st);
    assert_string_equal(st.message, "");
    assert_int_equal(rc, 0);
    for (int i = 0; i < 30 && f->n_done == before; i++) {
        sim_site_run_s(f, 1);
    }
    assert_int_equal(f->n_done, before + 1);
    assert_string_equal(f->done.message, "");
    assert_int_equal(f->done.code, UGRPC_OK);
}
