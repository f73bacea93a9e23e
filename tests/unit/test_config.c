/* SPDX-License-Identifier: MIT */
/* Each test is a site file with something about it; what the reader says is compared to the letter. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "daemon/config.h"

#define HEAD                                                                                                 \
    "version: 1\n"                                                                                           \
    "site: {id: 7, name: Test}\n"                                                                            \
    "components:\n"                                                                                          \
    "  grid: {id: 1, type: grid, fuse: 100 A}\n"                  /* line 4 */
#define METER HEAD "  meter: {id: 2, type: meter, under: grid}\n" /* line 5 */

struct fixture {
    struct problems problems;
    struct config *config;
    char *said;
    size_t said_len;
};

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static void forget(struct fixture *f)
{
    config_free(f->config);
    problems_done(&f->problems);
    free(f->said);
    *f = (struct fixture){.config = NULL};
}

static int teardown(void **state)
{
    forget(*state);
    free(*state);
    return 0;
}

/* Reads the text as site.yaml; returns what was wrong with it, as it would be printed. */
static const char *read_text(void **state, const char *text)
{
    struct fixture *f = *state;
    forget(f);
    f->config = config_parse(text, strlen(text), "site.yaml", &f->problems);
    FILE *to = open_memstream(&f->said, &f->said_len);
    assert_non_null(to);
    problems_print(&f->problems, "site.yaml", to);
    fclose(to);
    return f->said;
}

static struct config *read_good(void **state, const char *text)
{
    assert_string_equal(read_text(state, text), "");
    return ((struct fixture *)*state)->config;
}

static const struct config_component *component(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->n_components; i++) {
        if (strcmp(config->components[i].spec.name, name) == 0) {
            return &config->components[i];
        }
    }
    fail_msg("no component %s", name);
    return NULL;
}

static void a_small_site_needs_four_lines(void **state)
{
    const struct config *config = read_good(state, HEAD);
    assert_int_equal(config->site.id, 7);
    assert_string_equal(config->site.name, "Test");
    assert_int_equal(config->n_components, 1);
    assert_true(config->control);
    assert_int_equal(config->listen.n_grpc, 2);
    assert_string_equal(config->listen.grpc[0], "127.0.0.1:50051");
    assert_string_equal(config->listen.grpc[1], "[::1]:50051");
    assert_int_equal(config->seed, 1);
    assert_float_equal(config->start_at_s, 36000, 0);
}

static void everything_of_the_site_is_read(void **state)
{
    const struct config *config = read_good(state,
        "version: 1\n"
        "site:\n"
        "  id: 2200\n"
        "  enterprise_id: 3\n"
        "  name: Demo site\n"
        "  location: {latitude: 52.52, longitude: 13.40, country: DE}\n"
        "  delivery_area: {code: 10YDE-VE-------2, type: nerc}\n"
        "  status: inactive\n"
        "  created: 2024-05-31T12:00:00Z\n"
        "listen: {grpc: 'unix:/tmp/x', tls: {certificate: c.pem, key: /k.pem, client_ca: ca.pem}, keys: keys}\n"
        "simulation: {seed: 42, start_at: now, speed: 60}\n"
        "control: off\n"
        "components: {grid: {id: 1, type: grid, fuse: 1 A}}\n");
    assert_int_equal(config->site.enterprise_id, 3);
    assert_float_equal(config->site.latitude, 52.52, 1e-9);
    assert_float_equal(config->site.longitude, 13.40, 1e-9);
    assert_string_equal(config->site.country, "DE");
    assert_string_equal(config->site.delivery_area, "10YDE-VE-------2");
    assert_int_equal(config->site.delivery_area_type, MARKET_CODE_NERC);
    assert_true(config->site.inactive);
    assert_true(config->site.created_utc_ns == 1717156800LL * 1000000000);
    assert_int_equal(config->listen.n_grpc, 1);
    assert_string_equal(config->listen.grpc[0], "unix:/tmp/x");
    assert_string_equal(config->listen.certificate, "./c.pem");
    assert_string_equal(config->listen.key, "/k.pem");
    assert_string_equal(config->listen.keys, "./keys");
    assert_int_equal(config->seed, 42);
    assert_true(config->start_at_s == -1);
    assert_float_equal(config->speed, 60, 0);
    assert_false(config->control);
}

static void ratings_become_ranges_with_signs(void **state)
{
    const struct config *config = read_good(state,
        HEAD "  m: {id: 2, type: meter, under: grid}\n"
             "  bat_inv: {id: 3, type: battery_inverter, under: m, rated: 10 kW, rated_discharge: 8 kW}\n"
             "  bat: {id: 4, type: battery, under: bat_inv, capacity: 20 kWh, chemistry: na_ion}\n"
             "  pv: {id: 5, type: pv_inverter, under: m, rated: 15 kW, rated_apparent: 16 kVA}\n"
             "  ev: {id: 6, type: ev_charger, under: m, rated: 11 kW, kind: dc}\n"
             "  chp: {id: 7, type: chp, under: m, rated: 5 kW}\n"
             "  wind: {id: 8, type: wind_turbine, under: m, rated: 50 kW}\n"
             "  ely: {id: 9, type: electrolyzer, under: m, rated: 2 kW}\n"
             "  caps: {id: 10, type: capacitor_bank, under: m, rated: 30 kVAr}\n"
             "  trafo: {id: 11, type: transformer, under: m, primary: 20 kV, secondary: 400 V}\n");
    static const struct {
        const char *name;
        enum bounded bounded;
        double lower, upper;
    } cases[] = {
        {"bat_inv", BOUNDED_ACTIVE, -8000, 10000},
        {"bat_inv", BOUNDED_REACTIVE, -10000, 10000},
        {"bat", BOUNDED_DC_POWER, -20000, 20000},
        {"bat", BOUNDED_SOC, 10, 90},
        {"pv", BOUNDED_ACTIVE, -15000, 0},
        {"pv", BOUNDED_REACTIVE, -16000, 16000},
        {"ev", BOUNDED_ACTIVE, 0, 11000},
        {"chp", BOUNDED_ACTIVE, -5000, 0},
        {"wind", BOUNDED_ACTIVE, -50000, 0},
        {"ely", BOUNDED_ACTIVE, 0, 2000},
        {"caps", BOUNDED_REACTIVE, -30000, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct range range = component(config, cases[i].name)->spec.rated[cases[i].bounded];
        assert_float_equal(range.lower, cases[i].lower, 0.01);
        assert_float_equal(range.upper, cases[i].upper, 0.01);
    }
    assert_true(isnan(component(config, "m")->spec.rated[BOUNDED_ACTIVE].lower));
    assert_true(isnan(component(config, "ev")->spec.rated[BOUNDED_REACTIVE].lower));
    assert_int_equal(component(config, "bat")->spec.battery_type, BATTERY_TYPE_NA_ION);
    assert_int_equal(component(config, "ev")->spec.ev_kind, EV_CHARGER_DC);
    assert_float_equal(component(config, "trafo")->spec.primary_v, 20000, 0);
    assert_float_equal(component(config, "pv")->spec.rated_va, 16000, 0);
    assert_float_equal(component(config, "chp")->spec.least_w, 2500, 0);
    assert_float_equal(component(config, "ely")->spec.least_w, 200, 0);
    assert_float_equal(component(config, "ev")->spec.least_w, 4140, 0);
}

static void import_and_export_limits_replace_the_fuse(void **state)
{
    const struct config *config = read_good(state,
        "version: 1\nsite: {id: 7, name: Test}\ncomponents:\n"
        "  grid: {id: 1, type: grid, fuse: 100 A, import_limit: 60 kW, export_limit: 40 kW}\n");
    assert_float_equal(config->components[0].spec.rated[BOUNDED_ACTIVE].lower, -40000, 0);
    assert_float_equal(config->components[0].spec.rated[BOUNDED_ACTIVE].upper, 60000, 0);
    assert_float_equal(config->components[0].spec.fuse_current_a, 100, 0);
}

static void the_driver_gets_its_settings_with_defaults(void **state)
{
    const struct config *config = read_good(state, METER
        "  ev: {id: 3, type: ev_charger, under: meter, rated: 11 kW, car: {plugged: station, wants: 9 kWh}}\n"
        "  load: {id: 4, type: meter, under: meter, power: load.csv/a_w, scale: 20}\n"
        "  base: {id: 5, type: meter, under: meter, power: 5 kW}\n");
    const struct settings *ev = &component(config, "ev")->settings;
    assert_string_equal(settings_text(ev, "car.plugged", ""), "station");
    assert_float_equal(settings_number(ev, "car.wants", 0), 9000, 0);
    assert_float_equal(settings_number(ev, "car.stays", 0), 8 * 3600, 0);
    assert_float_equal(settings_number(ev, "rated", 0), 11000, 0);
    const struct settings *load = &component(config, "load")->settings;
    assert_string_equal(settings_text(load, "power", ""), "load.csv/a_w");
    assert_float_equal(settings_number(load, "scale", 0), 20, 0);
    assert_null(settings_text(&component(config, "base")->settings, "power", NULL));
    assert_float_equal(settings_number(&component(config, "base")->settings, "power", 0), 5000, 0);
}

static void defaults_count_where_nothing_else_is_said(void **state)
{
    const struct config *config = read_good(state,
        "version: 1\nsite: {id: 7, name: Test}\n"
        "defaults: {interval: 100 ms, manufacturer: ACME, on_expiry: release}\n"
        "components:\n"
        "  grid: {id: 1, type: grid, fuse: 100 A, interval: 5 s}\n"
        "  meter: {id: 2, type: meter, under: grid}\n"
        "  pv: {id: 3, type: pv_inverter, under: meter, rated: 1 kW, manufacturer: Other}\n");
    assert_true(component(config, "grid")->spec.interval_ns == 5000000000);
    assert_true(component(config, "meter")->spec.interval_ns == 100000000);
    assert_string_equal(component(config, "meter")->spec.manufacturer, "ACME");
    assert_string_equal(component(config, "pv")->spec.manufacturer, "Other");
    assert_int_equal(component(config, "pv")->spec.on_expiry, ON_EXPIRY_RELEASE);
}

static void neighbours_are_one_or_several(void **state)
{
    const struct config *config = read_good(state,
        METER "  a: {id: 3, type: battery_inverter, under: meter, rated: 1 kW}\n"
              "  b: {id: 4, type: battery_inverter, under: meter, rated: 1 kW}\n"
              "  bat: {id: 5, type: battery, under: [a, b], capacity: 1 kWh}\n");
    assert_int_equal(component(config, "bat")->n_under, 2);
    assert_string_equal(component(config, "bat")->under[1], "b");
    assert_int_equal(component(config, "a")->n_under, 1);
    assert_int_equal(component(config, "grid")->n_under, 0);
}

static void sensors_are_read_and_their_ids_are_their_own(void **state)
{
    const struct config *config = read_good(state,
        HEAD "sensors:\n"
             "  t: {id: 1, type: thermometer, value: weather.csv/ambient_temp_c, interval: 2 s}\n"
             "  p: {id: 2, type: barometer, value: 1013 hPa}\n"
             "  x: {id: 3, type: accelerometer}\n");
    assert_int_equal(config->n_sensors, 3);
    assert_int_equal(config->sensors[0].spec.type, SENSOR_THERMOMETER);
    assert_true(config->sensors[0].spec.interval_ns == 2000000000);
    assert_string_equal(
        settings_text(&config->sensors[0].settings, "value", ""), "weather.csv/ambient_temp_c");
    assert_float_equal(settings_number(&config->sensors[1].settings, "value", 0), 101300, 0);
}

/* --- what is wrong ---------------------------------------------------------------------------------------
 */

struct wrong {
    const char *text, *said;
};

static void check_all(void **state, const struct wrong *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(read_text(state, cases[i].text), cases[i].said);
    }
}

static void values_of_the_wrong_kind_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {METER "  x: {id: 3, type: meter, under: meter, power: 10}\n",
            "site.yaml:6: components.x.power: \"10\": the unit is missing; write 10 W or 10 kW; or FILE/COLUMN of "
            "a CSV file\n"},
        {METER "  x: {id: 3, type: chp, under: meter, rated: 10}\n",
            "site.yaml:6: components.x.rated: \"10\": the unit is missing; write 10 W or 10 kW\n"},
        {METER "  x: {id: 3, type: chp, under: meter, rated: 10 kWh}\n",
            "site.yaml:6: components.x.rated: \"10 kWh\": kWh measures energy, but power is due; allowed: W, kW or "
            "MW\n"},
        {METER "  x: {id: 3, type: chp, under: meter, rated: -5 kW}\n",
            "site.yaml:6: components.x.rated: \"-5 kW\": out of range; allowed: 1 W ... 1000 MW\n"},
        {METER "  x: {id: 3.5, type: meter, under: meter}\n",
            "site.yaml:6: components.x.id: \"3.5\": a whole number is due, like 1\n"},
        {METER "  x: {id: 0, type: meter, under: meter}\n",
            "site.yaml:6: components.x.id: \"0\": out of range; allowed: 1 ... 9007199254740991\n"},
        {METER "  x: {id: 3, type: relay, under: meter, closed: maybe}\n",
            "site.yaml:6: components.x.closed: \"maybe\": neither yes nor no; write true or false\n"},
        {METER "  x: {id: 3, type: chp, under: meter, rated: 1 kW, on_expiry: realease}\n",
            "site.yaml:6: components.x.on_expiry: \"realease\": no such on_expiry; did you mean release? Allowed: "
            "one of zero, release\n"},
        {METER "  x: {id: 3, type: meter, under: meter, power: warehouse}\n",
            "site.yaml:6: components.x.power: \"warehouse\": neither a series nor a constant; write FILE/COLUMN, "
            "like data.csv/column_w, or like 10 W\n"},
        {METER "  x: {id: 3, type: meter, under: meter, lifetime: {start: 2024-02-31}}\n",
            "site.yaml:6: components.x.lifetime.start: \"2024-02-31\": no date; write it like 2024-05-31 or "
            "2024-05-31T12:00:00Z (UTC)\n"},
        {METER "simulation: {start_at: 25:00}\n",
            "site.yaml:6: simulation.start_at: \"25:00\": no time of day; write it like \"10:00\", or now\n"},
        {METER "  x: {id: 3, type: meter, under: meter, model: [a]}\n",
            "site.yaml:6: components.x.model: a single value is due, not a list\n"},
        {METER "  x: {id: 3, type: meter, under: meter, lifetime: 5}\n",
            "site.yaml:6: components.x.lifetime: a mapping is due: {key: value, ...}\n"},
        {METER "  x: {id: 3, type: meter, under: []}\n",
            "site.yaml:6: components.x.under: the list is empty\n"},
        {METER "  x: {id: 3, type: meter, under: meter, driver: sunspec}\n",
            "site.yaml:6: components.x.driver: \"sunspec\": no such driver; allowed: one of sim\n"},
        {METER "  x: {id: 3, type: meter, under: meter, model: }\n",
            "site.yaml:6: components.x.model: \"\": the value is missing; allowed: a text\n"},
    };
    check_all(state, cases, ARRAY_LEN(cases));
}

static void columns_of_another_unit_than_is_due_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {METER "  x: {id: 3, type: meter, under: meter, power: weather.csv/ambient_temp_c}\n",
            "site.yaml:6: components.x.power: \"weather.csv/ambient_temp_c\": column ambient_temp_c measures "
            "temperature (°C), but power is due; allowed: a column ending in _w, _kw or _mw\n"},
        {METER "  x: {id: 3, type: pv_inverter, under: meter, rated: 5 kW, irradiance: pv.csv/ac_power_w}\n",
            "site.yaml:6: components.x.irradiance: \"pv.csv/ac_power_w\": column ac_power_w measures power (W), "
            "but irradiance is due; allowed: a column ending in _w_m2\n"},
        {METER "sensors:\n  t: {id: 1, type: thermometer, value: weather.csv/relative_humidity_pct}\n",
            "site.yaml:7: sensors.t.value: \"weather.csv/relative_humidity_pct\": column relative_humidity_pct "
            "measures a share (%), but temperature is due; allowed: a column ending in _c\n"},
        {METER "  x: {id: 3, type: meter, under: meter, power: load.csv/warehouse}\n",
            "site.yaml:6: components.x.power: \"load.csv/warehouse\": the name of column warehouse does not end in "
            "its unit; allowed: a column of power, ending in _w, _kw or _mw\n"},
    };
    check_all(state, cases, ARRAY_LEN(cases));
}

static void unknown_keys_are_refused_with_the_nearest_known(void **state)
{
    static const struct wrong cases[] = {
        {METER "  x: {id: 3, type: chp, under: meter, rated: 1 kW, resolutoin: 88 W}\n",
            "site.yaml:6: components.x.resolutoin: unknown key; did you mean \"resolution\"?\n"},
        {METER "  x: {id: 3, type: ev_charger, under: meter, rated: 11 kW, car: {whants: 3 kWh}}\n",
            "site.yaml:6: components.x.car.whants: unknown key; did you mean \"car.wants\"?\n"},
        {METER "  x: {id: 3, type: meter, under: meter, capacity: 5 kWh}\n",
            "site.yaml:6: components.x.capacity: no key of this type; it belongs to battery\n"},
        {METER "simulatoin: {seed: 3}\n",
            "site.yaml:6: simulatoin: unknown key; did you mean \"simulation\"?\n"},
        {METER "simulation: {colour: red}\n",
            "site.yaml:6: simulation.colour: unknown key; known here: seed, start_at, speed, save_every\n"},
        {METER "  x: {id: 3, type: metre, under: meter, colour: 3}\n",
            "site.yaml:6: components.x.type: \"metre\": no such type; did you mean meter? Allowed: one of grid, "
            "meter, battery_inverter, pv_inverter, hybrid_inverter, converter, battery, ev_charger, crypto_miner, "
            "electrolyzer, chp, relay, precharger, fuse, transformer, hvac, wind_turbine, capacitor_bank\n"
            "site.yaml:6: components.x.colour: unknown key, whatever the type\n"},
    };
    check_all(state, cases, ARRAY_LEN(cases));
}

static void what_is_missing_is_named(void **state)
{
    static const struct wrong cases[] = {
        {"site: {id: 7, name: Test}\ncomponents: {grid: {id: 1, type: grid, fuse: 1 A}}\n",
            "site.yaml:1: version: is missing; allowed: 1\n"},
        {"version: 1\n",
            "site.yaml:1: site: is missing; write site: {id: 1, name: ...}\n"
            "site.yaml:1: components: is missing; at least a grid is due: components: {grid: {id: 1, "
            "type: grid, fuse: 63 A}, ...}\n"},
        {HEAD "  x: {id: 3, type: battery, under: grid}\n",
            "site.yaml:5: components.x.capacity: is missing; allowed: 1 Wh ... 1000 MWh\n"},
        {HEAD "  x: {type: meter}\n",
            "site.yaml:5: components.x.id: is missing; allowed: 1 ... 9007199254740991\n"
            "site.yaml:5: components.x.under: is missing; allowed: a component's name or a list of names\n"},
        {"", "site.yaml:1: the file is empty; allowed: version, site, components ...\n"},
    };
    check_all(state, cases, ARRAY_LEN(cases));
}

static void contradictions_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {METER "  x: {id: 3, type: battery, under: meter, capacity: 5 kWh, soc_min: 90 %, soc_max: 20 %}\n",
            "site.yaml:6: components.x.soc_max: soc_min 90 % is not below soc_max 20 %\n"},
        {METER "  x: {id: 3, type: pv_inverter, under: meter, rated: 5 kW, rated_apparent: 4 kVA}\n",
            "site.yaml:6: components.x.rated_apparent: less than the rated active power, 5 kW\n"},
        {METER "  x: {id: 3, type: pv_inverter, under: meter, rated: 5 kW, rated_reactive: 6 kVAr}\n",
            "site.yaml:6: components.x.rated_reactive: more than the rated apparent power\n"},
        {METER "  x: {id: 3, type: meter, under: meter, interval: 10 s, max_age: 5 s}\n",
            "site.yaml:6: components.x.max_age: shorter than the interval: it would always be offline; allowed: "
            "10 s or more\n"},
        {METER "  x: {id: 3, type: meter, under: meter, interval: 1 h}\n",
            "site.yaml:6: components.x.interval: longer than 8 s, after which it would be offline; write max_age "
            "too, longer than the interval\n"},
        {METER "  x: {id: 3, type: meter, under: meter, lifetime: {start: 2024-01-02, end: 2024-01-01}}\n",
            "site.yaml:6: components.x.lifetime.end: ends before lifetime.start\n"},
        {METER "  x: {id: 3, type: meter, under: meter, recoverable: false}\n",
            "site.yaml:6: components.x.recoverable: says nothing without an error; write error: too\n"},
        {METER "  x: {id: 3, type: ev_charger, under: meter, rated: 5 kW, phases: 2}\n",
            "site.yaml:6: components.x.phases: cars charge on 1 phase or 3\n"},
        {METER "  x: {id: 3, type: ev_charger, under: meter, rated: 4 kW, phases: 3}\n",
            "site.yaml:6: components.x.rated: less than 6 A on each phase, and no car charges with less; allowed: "
            "4140 W or more\n"},
        {METER "  x: {id: 3, type: chp, under: meter, rated: 4 kW, min_power: 5 kW}\n",
            "site.yaml:6: components.x.min_power: more than the rated power\n"},
        {METER "listen: {tls: {certificate: c.pem}}\n",
            "site.yaml:6: listen.tls.certificate: TLS needs a key; write tls: {certificate: FILE, key: FILE}\n"},
        {"version: 1\nsite: {id: 7, name: Test, location: {latitude: 3}}\n"
         "components: {grid: {id: 1, type: grid, fuse: 1 A}}\n",
            "site.yaml:2: site.location.latitude: latitude and longitude go together; one is missing\n"},
        {"version: 1\nsite: {id: 7, name: Test, location: {country: DE}}\n"
         "components: {grid: {id: 1, type: grid, fuse: 1 A}}\n",
            "site.yaml:2: site.location.country: cannot be told without latitude and longitude; write them "
            "too\n"},
    };
    check_all(state, cases, ARRAY_LEN(cases));
}

static void what_is_given_twice_is_refused_naming_both_lines(void **state)
{
    static const struct wrong cases[] = {
        {METER "  x: {id: 2, type: meter, under: meter}\n",
            "site.yaml:6: components.x.id: id 2 is taken by meter in line 5\n"},
        {METER "  meter: {id: 3, type: meter, under: grid}\n",
            "site.yaml:6: components.meter: this name is taken in line 5\n"},
        {METER "  x:\n    id: 3\n    type: meter\n    under: meter\n    id: 4\n",
            "site.yaml:10: components.x.id: given twice; first in line 7\n"},
        {METER "site: {id: 8, name: Again}\n", "site.yaml:6: site: given twice; first in line 2\n"},
        {METER "version: 1\n", "site.yaml:6: version: given twice; first in line 1\n"},
    };
    check_all(state, cases, ARRAY_LEN(cases));
}

static void unknown_neighbours_are_refused_with_the_nearest(void **state)
{
    static const struct wrong cases[] = {
        {METER "  x: {id: 3, type: meter, under: metre}\n",
            "site.yaml:6: components.x.under: \"metre\": no such component; did you mean meter?\n"},
        {METER "  x: {id: 3, type: meter, under: elsewhere}\n",
            "site.yaml:6: components.x.under: \"elsewhere\": no such component; allowed: the name of a component "
            "in this file\n"},
        {METER "  x: {id: 3, type: meter, under: x}\n",
            "site.yaml:6: components.x.under: \"x\": a component cannot be under itself\n"},
        {METER "  x: {id: 3, type: meter, under: [meter, meter]}\n",
            "site.yaml:6: components.x.under: \"meter\": named twice\n"},
    };
    check_all(state, cases, ARRAY_LEN(cases));
}

static void all_errors_come_at_once_in_the_order_of_lines(void **state)
{
    assert_string_equal(read_text(state, "version: 2\n"
                                         "site: {id: 7}\n"
                                         "components:\n"
                                         "  grid: {id: 1, type: grid, fuse: 100}\n"
                                         "  meter: {id: 1, type: meter, under: gird}\n"
                                         "sensors:\n"
                                         "  t: {id: 1, type: thermometer, value: 20 W}\n"),
        "site.yaml:1: version: \"2\": out of range; allowed: 1\n"
        "site.yaml:2: site.name: is missing; allowed: a text\n"
        "site.yaml:4: components.grid.fuse: \"100\": the unit is missing; write 100 A or 100 kA\n"
        "site.yaml:5: components.meter.id: id 1 is taken by grid in line 4\n"
        "site.yaml:5: components.meter.under: \"gird\": no such component; did you mean grid?\n"
        "site.yaml:7: sensors.t.value: \"20 W\": W measures power, but temperature is due; allowed: °C or C; or "
        "FILE/COLUMN of a CSV file\n");
}

static void broken_yaml_is_refused_with_its_line(void **state)
{
    static const struct wrong cases[] = {
        {"version: 1\nsite: {id: 7\n",
            "site.yaml:3: not YAML: did not find expected ',' or '}', while parsing a flow mapping (column 1)\n"},
        {METER "---\nversion: 1\n", "site.yaml:7: a second document begins here; a site file is one\n"},
        {"- a\n- b\n", "site.yaml:1: a mapping is due: version: 1, site: ..., components: ...\n"},
        {"version: 1\nsite: \xff\n",
            "site.yaml: not text in UTF-8: invalid leading UTF-8 octet at byte 17\n"},
    };
    check_all(state, cases, ARRAY_LEN(cases));
}

static void aliases_are_refused(void **state)
{
    assert_string_equal(read_text(state, METER "  x: &a {id: 3, type: meter, under: meter}\n"
                                               "  y: *a\n"),
        "site.yaml:6: components.y: used again through an alias; write the value out\n");
}

static void an_alias_bomb_ends_soon(void **state)
{
    const char *said = read_text(state, "a: &a [x, x, x, x, x, x, x, x, x]\n"
                                        "b: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n"
                                        "c: &c [*b, *b, *b, *b, *b, *b, *b, *b]\n"
                                        "version: 1\n"
                                        "site: {id: 1, name: *c}\n"
                                        "components: &loop {grid: *loop}\n");
    assert_non_null(strstr(said, "site.yaml:3: site.name: used again through an alias"));
    assert_non_null(strstr(said, "site.yaml:6: components.grid: used again through an alias"));
}

static void names_are_plain(void **state)
{
    assert_string_equal(read_text(state, METER "  bad name: {id: 3, type: meter, under: meter}\n"),
        "site.yaml:6: components: \"bad name\": no good name; allowed: 1 to 63 letters, digits, _ and -\n");
}

static void what_the_file_says_is_shown_cut_and_clean(void **state)
{
    char text[2000];
    snprintf(
        text, sizeof(text), METER "  x: {id: 3, type: meter, under: meter, noise: \"\\e[31m%0500d\"}\n", 0);
    const char *said = read_text(state, text);
    assert_null(strchr(said, '\033'));
    assert_true(strlen(said) < 400);
}

static void too_many_problems_are_counted(void **state)
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    fputs(HEAD, to);
    for (int i = 0; i < 150; i++) {
        fprintf(to, "  x%d: {id: %d, type: meter, under: nowhere}\n", i, i + 2);
    }
    fclose(to);
    const char *said = read_text(state, text);
    free(text);
    assert_non_null(strstr(said, "site.yaml: and 50 more\n"));
}

static void a_file_that_is_too_large_is_not_read(void **state)
{
    struct fixture *f = *state;
    char *text = calloc(1, CONFIG_MAX_BYTES + 1);
    assert_non_null(text);
    memset(text, '#', CONFIG_MAX_BYTES + 1);
    f->config = config_parse(text, CONFIG_MAX_BYTES + 1, "site.yaml", &f->problems);
    free(text);
    assert_int_equal(f->problems.n, 1);
    assert_string_equal(f->problems.items[0].text, "larger than 8 MiB");
}

static void a_file_that_is_not_there_is_told(void **state)
{
    struct fixture *f = *state;
    assert_null(config_load("/nonexistent/site.yaml", &f->problems));
    assert_string_equal(f->problems.items[0].text, "cannot be read: No such file or directory");
}

static void the_sites_that_come_with_it_are_good(void **state)
{
    static const char *const files[] = {
        "share/site-default.yaml", "share/site-relays.yaml", "tests/bench/site.yaml"};
    const char *root = getenv("SOURCE_ROOT");
    assert_non_null(root);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct fixture *f = *state;
        char path[512];
        forget(f);
        snprintf(path, sizeof(path), "%s/%s", root, files[i]);
        f->config = config_load(path, &f->problems);
        problems_print(&f->problems, files[i], stderr);
        assert_int_equal(f->problems.n, 0);
        assert_non_null(f->config);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_small_site_needs_four_lines),
        TEST(everything_of_the_site_is_read),
        TEST(ratings_become_ranges_with_signs),
        TEST(import_and_export_limits_replace_the_fuse),
        TEST(the_driver_gets_its_settings_with_defaults),
        TEST(defaults_count_where_nothing_else_is_said),
        TEST(neighbours_are_one_or_several),
        TEST(sensors_are_read_and_their_ids_are_their_own),
        TEST(values_of_the_wrong_kind_are_refused),
        TEST(columns_of_another_unit_than_is_due_are_refused),
        TEST(unknown_keys_are_refused_with_the_nearest_known),
        TEST(what_is_missing_is_named),
        TEST(contradictions_are_refused),
        TEST(what_is_given_twice_is_refused_naming_both_lines),
        TEST(unknown_neighbours_are_refused_with_the_nearest),
        TEST(all_errors_come_at_once_in_the_order_of_lines),
        TEST(broken_yaml_is_refused_with_its_line),
        TEST(aliases_are_refused),
        TEST(an_alias_bomb_ends_soon),
        TEST(names_are_plain),
        TEST(what_the_file_says_is_shown_cut_and_clean),
        TEST(too_many_problems_are_counted),
        TEST(a_file_that_is_too_large_is_not_read),
        TEST(a_file_that_is_not_there_is_told),
        TEST(the_sites_that_come_with_it_are_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
