/* SPDX-License-Identifier: MIT */
/* From the values of one section, already checked one by one against the option table, to what the model
 * and the driver take; what contradicts itself between values is found here. */
#include "daemon/config_spec.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/base.h"

#define SQRT3 1.7320508075688772

/* So are they called, though not just sqrt(3) apart. */
#define USUAL_PHASE_V 230
#define USUAL_LINE_V  400

/* Least power while they run, of the rated power, where the file does not say. */
#define CHP_LEAST          0.5
#define ELECTROLYZER_LEAST 0.1

/* A car charges with 6 A at least, on each phase. */
#define EV_LEAST_W 1380.0

/* For a rating that is missing or wrong, which was told: what goes by others is still checked. */
#define STAND_IN 1

static const struct range none = {NAN, NAN};

static bool has_number(const struct section *section, const char *name)
{
    return !isnan(section_number(section, name, NAN));
}

static const char *keep_text(struct config *config, const struct section *section, const char *name)
{
    return pool_copy(&config->pool, section_text(section, name, ""));
}

static int64_t to_ns(double seconds)
{
    return (int64_t)llround(seconds * 1e9);
}

/* Tells of a fault between two values where the one named stands. */
#define contradict(problems, section, name, ...)                                                             \
    problems_add(problems, value_line(section, name), value_path(section, name, (char[160]){0}, 160), NULL,  \
        __VA_ARGS__)

static int value_line(const struct section *section, const char *name)
{
    const struct value *value = section_value(section, name);
    return value && value->stated ? value->line : section->line;
}

static const char *value_path(const struct section *section, const char *name, char *out, size_t cap)
{
    snprintf(out, cap, "%s.%s", section->path, name);
    return out;
}

/* --- site, listen, simulation ----------------------------------------------------------------------------
 */

static bool is_country(const char *text)
{
    return strlen(text) == 2 && isupper((unsigned char)text[0]) && isupper((unsigned char)text[1]);
}

void config_take_site(struct config *config, const struct section *section, struct problems *problems)
{
    struct site_spec *site = &config->site;
    site->id = (uint64_t)section_number(section, "id", 0);
    site->enterprise_id = (uint64_t)section_number(section, "enterprise_id", 0);
    site->name = keep_text(config, section, "name");
    site->latitude = section_number(section, "location.latitude", NAN);
    site->longitude = section_number(section, "location.longitude", NAN);
    site->country = keep_text(config, section, "location.country");
    site->delivery_area = keep_text(config, section, "delivery_area.code");
    if (*site->delivery_area) {
        site->delivery_area_type = section_choice(section, "delivery_area.type", 0) == 0 ? MARKET_CODE_EIC
                                                                                         : MARKET_CODE_NERC;
    }
    site->inactive = section_choice(section, "status", 0) == 1;
    site->created_utc_ns = to_ns(section_number(section, "created", 0));

    if (*site->country && !is_country(site->country)) {
        problems_add(problems, value_line(section, "location.country"), "site.location.country",
            site->country, "no country code; allowed: two capital letters, like DE");
    }
    if (isnan(site->latitude) != isnan(site->longitude)) {
        const char *given = isnan(site->latitude) ? "location.longitude" : "location.latitude";
        contradict(problems, section, given, "latitude and longitude go together; one is missing");
    } else if (*site->country && isnan(site->latitude)) { /* the API has no way to leave them out */
        contradict(problems, section, "location.country",
            "cannot be told without latitude and longitude; write them too");
    }
}

/* A path as it can be opened: relative ones are meant from the site file's folder. */
static const char *keep_path(struct config *config, const struct section *section, const char *name)
{
    const char *path = section_text(section, name, NULL);
    if (!path) {
        return NULL;
    }
    return *path == '/' ? pool_copy(&config->pool, path)
                        : pool_format(&config->pool, "%s/%s", config->folder, path);
}

void config_take_listen(struct config *config, const struct section *section, struct problems *problems)
{
    static const char *const loopback[] = {"127.0.0.1:50051", "[::1]:50051"};
    struct config_listen *listen = &config->listen;
    const struct value *grpc = section_value(section, "grpc");
    size_t n = grpc ? grpc->n_items : ARRAY_LEN(loopback);
    listen->line = grpc ? grpc->line : 0;
    listen->grpc = pool_alloc(&config->pool, n * sizeof(listen->grpc[0]));
    listen->n_grpc = n;
    for (size_t i = 0; i < n; i++) {
        listen->grpc[i] = pool_copy(&config->pool, grpc ? grpc->items[i] : loopback[i]);
    }
    listen->certificate = keep_path(config, section, "tls.certificate");
    listen->key = keep_path(config, section, "tls.key");
    listen->client_ca = keep_path(config, section, "tls.client_ca");
    listen->keys = keep_path(config, section, "keys");
    listen->signature_window_s = (int64_t)section_number(section, "signature_window", 60);
    if ((listen->certificate || listen->client_ca) && !listen->key) {
        contradict(problems, section, listen->certificate ? "tls.certificate" : "tls.client_ca",
            "TLS needs a key; write tls: {certificate: FILE, key: FILE}");
    }
    if (listen->key && !listen->certificate) {
        contradict(problems, section, "tls.key",
            "TLS needs a certificate; write tls: {certificate: FILE, key: FILE}");
    }
}

void config_take_simulation(struct config *config, const struct section *section)
{
    config->seed = (uint64_t)section_number(section, "seed", 1);
    config->start_at_s = section_number(section, "start_at", 0);
    config->speed = section_number(section, "speed", 1);
    config->save_every_s = section_number(section, "save_every", 300);
}

/* --- what components and sensors share -------------------------------------------------------------------
 */

/* What the driver gets: all values that are its own to use, without those that were wrong. */
static struct settings keep_settings(struct config *config, const struct section *section, const int **lines)
{
    size_t n = 0;
    for (size_t i = 0; i < section->n; i++) {
        n += section->values[i].option->to_driver;
    }
    struct settings settings = {.items = pool_alloc(&config->pool, n * sizeof(struct setting))};
    int *line = pool_alloc(&config->pool, n * sizeof(line[0]));
    *lines = line;
    for (size_t i = 0; i < section->n; i++) {
        const struct value *value = &section->values[i];
        if (value->option->to_driver && (value->text || !isnan(value->number))) {
            *line++ = value->line;
            settings.items[settings.n++] = (struct setting){
                .name = value->option->name,
                .text = value->text ? pool_copy(&config->pool, value->text) : NULL,
                .number = value->text ? 0 : value->number,
            };
        }
    }
    return settings;
}

static void check_lifetime(const struct section *section, struct problems *problems)
{
    double start = section_number(section, "lifetime.start", NAN);
    double end = section_number(section, "lifetime.end", NAN);
    if (end < start) {
        contradict(problems, section, "lifetime.end", "ends before lifetime.start");
    }
}

static void check_max_age(const struct section *section, struct problems *problems)
{
    double interval = section_number(section, "interval", 1);
    double max_age = section_number(section, "max_age", NAN);
    const struct value *value = section_value(section, "max_age");
    if (value && value->stated && max_age < interval) {
        char text[32];
        quantity_format(interval, UNIT_SECOND, text, sizeof(text));
        contradict(problems, section, "max_age",
            "shorter than the interval: it would always be offline; "
            "allowed: %s or more",
            text);
    }
}

/* Without a max_age of its own, an interval beyond 8 s would show the component offline between samples. */
static void check_interval(const struct section *section, struct problems *problems)
{
    double interval = section_number(section, "interval", 1);
    if (interval > 8 && !section_value(section, "max_age")) {
        contradict(problems, section, "interval",
            "longer than 8 s, after which it would be offline; write max_age too, longer than the interval");
    }
}

/* --- components ------------------------------------------------------------------------------------------
 */

/* Both ways: `discharge` and `charge` are magnitudes. */
static struct range both_ways(double discharge, double charge)
{
    return (struct range){-discharge, charge};
}

/* Without limits it is what the fuse carries, as soon as it is known at which voltage. */
static void take_grid(struct component_spec *spec, const struct section *section)
{
    spec->fuse_current_a = section_number(section, "fuse", 0);
    double phase_v = section_number(section, "voltage", USUAL_PHASE_V);
    spec->line_v = phase_v == USUAL_PHASE_V ? USUAL_LINE_V : SQRT3 * phase_v;
    spec->rated[BOUNDED_ACTIVE] = both_ways(
        section_number(section, "export_limit", NAN), section_number(section, "import_limit", NAN));
}

static void take_inverter(
    struct component_spec *spec, const struct section *section, struct problems *problems)
{
    double rated = section_number(section, "rated", STAND_IN);
    double charge = section_number(section, "rated_charge", rated);
    double discharge = section_number(section, "rated_discharge", rated);
    if (spec->type == COMPONENT_PV_INVERTER) {
        charge = 0;
    }
    spec->rated[BOUNDED_ACTIVE] = both_ways(discharge, charge);
    double larger = fmax(charge, discharge);
    spec->rated_va = section_number(section, "rated_apparent", larger);
    double reactive = section_number(section, "rated_reactive", spec->rated_va);
    spec->rated[BOUNDED_REACTIVE] = both_ways(reactive, reactive);
    if (section_value(section, "power") && section_value(section, "irradiance")) {
        contradict(problems, section, "power", "power and irradiance exclude each other");
    }
    if (!has_number(section, "rated")) {
        return;
    }
    char most[32];
    quantity_format(larger, UNIT_WATT, most, sizeof(most));
    if (spec->rated_va < larger) {
        contradict(problems, section, "rated_apparent", "less than the rated active power, %s", most);
    }
    if (reactive > spec->rated_va) {
        contradict(problems, section, "rated_reactive", "more than the rated apparent power");
    }
}

static void take_battery(
    struct component_spec *spec, const struct section *section, struct problems *problems)
{
    enum { LFP, NMC, NA_ION }; /* as in the option table */
    double one_c = section_number(section, "capacity", 0);
    bool sodium = section_choice(section, "chemistry", LFP) == NA_ION;
    spec->battery_type = sodium ? BATTERY_TYPE_NA_ION : BATTERY_TYPE_LI_ION;
    spec->rated[BOUNDED_DC_POWER] = both_ways(
        section_number(section, "rated_discharge", one_c), section_number(section, "rated_charge", one_c));
    double least = section_number(section, "soc_min", 0), most = section_number(section, "soc_max", 100);
    if (least >= most) {
        const struct value *upper = section_value(section, "soc_max");
        contradict(problems, section, upper && upper->stated ? "soc_max" : "soc_min",
            "soc_min %g %% is not below soc_max %g %%", least, most);
        return;
    }
    spec->rated[BOUNDED_SOC] = (struct range){least, most};
}

/* What it takes to run at all. */
static double least_power(enum component_type type, const struct section *section, double rated)
{
    switch (type) {
    case COMPONENT_CHP:
        return section_number(section, "min_power", CHP_LEAST * rated);
    case COMPONENT_ELECTROLYZER:
        return section_number(section, "min_power", ELECTROLYZER_LEAST * rated);
    case COMPONENT_EV_CHARGER:
        return EV_LEAST_W * section_number(section, "phases", rated < 3 * EV_LEAST_W ? 1 : 3);
    default:
        return 0;
    }
}

static void take_ratings(
    struct component_spec *spec, const struct section *section, struct problems *problems)
{
    double rated = section_number(section, "rated", STAND_IN);
    struct range *active = &spec->rated[BOUNDED_ACTIVE];
    switch (spec->type) {
    case COMPONENT_GRID:
        take_grid(spec, section);
        break;
    case COMPONENT_BATTERY_INVERTER:
    case COMPONENT_PV_INVERTER:
    case COMPONENT_HYBRID_INVERTER:
        take_inverter(spec, section, problems);
        break;
    case COMPONENT_BATTERY:
        take_battery(spec, section, problems);
        break;
    case COMPONENT_EV_CHARGER:
    case COMPONENT_ELECTROLYZER:
    case COMPONENT_HVAC:
    case COMPONENT_CRYPTO_MINER:
        *active = (struct range){0, rated};
        break;
    case COMPONENT_CHP:
    case COMPONENT_WIND_TURBINE:
        *active = (struct range){-rated, 0};
        break;
    case COMPONENT_CAPACITOR_BANK:
        spec->rated[BOUNDED_REACTIVE] = (struct range){-rated, 0}; /* it is only capacitive */
        spec->rated_va = rated;
        break;
    case COMPONENT_FUSE:
        spec->fuse_current_a = rated;
        break;
    case COMPONENT_TRANSFORMER:
        spec->primary_v = section_number(section, "primary", 0);
        spec->secondary_v = section_number(section, "secondary", 0);
        break;
    default:
        break;
    }
    if (!has_number(section, "rated")) {
        return;
    }
    spec->least_w = least_power(spec->type, section, rated);
    if (spec->least_w > rated && spec->type == COMPONENT_EV_CHARGER) {
        contradict(problems, section, "rated",
            "less than 6 A on each phase, and no car charges with less; allowed: %g W or more",
            spec->least_w);
    } else if (spec->least_w > rated) {
        contradict(problems, section, "min_power", "more than the rated power");
    }
    if (section_number(section, "resolution", 0) > rated) {
        contradict(problems, section, "resolution", "larger than the rated power: only 0 would remain");
    }
}

static void check_faults(const struct section *section, struct problems *problems)
{
    const struct value *recoverable = section_value(section, "recoverable");
    if (recoverable && recoverable->stated && !section_value(section, "error")) {
        contradict(problems, section, "recoverable", "says nothing without an error; write error: too");
    }
    double phases = section_number(section, "phases", 3);
    if (phases == 2) {
        contradict(problems, section, "phases", "cars charge on 1 phase or 3");
    }
}

void config_take_component(struct config *config, struct config_component *component,
    const struct section *section, struct problems *problems)
{
    struct component_spec *spec = &component->spec;
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        spec->rated[i] = none;
    }
    spec->id = (uint64_t)section_number(section, "id", 0);
    spec->type = section->type < 0 ? COMPONENT_METER : (enum component_type)section->type;
    spec->manufacturer = keep_text(config, section, "manufacturer");
    spec->model_name = keep_text(config, section, "model");
    spec->inactive = section_choice(section, "status", 0) == 1;
    spec->lifetime_start_utc_ns = to_ns(section_number(section, "lifetime.start", 0));
    spec->lifetime_end_utc_ns = to_ns(section_number(section, "lifetime.end", 0));
    spec->ev_kind = (enum ev_charger_kind)section_choice(section, "kind", EV_CHARGER_AC);
    spec->resolution = section_number(section, "resolution", 0);
    spec->tolerance = section_number(section, "tolerance", 0);
    spec->interval_ns = to_ns(section_number(section, "interval", 1));
    spec->max_age_ns = to_ns(section_number(section, "max_age", 0));
    spec->on_expiry = section_choice(section, "on_expiry", 0) == 1 ? ON_EXPIRY_RELEASE : ON_EXPIRY_ZERO;
    component->settings = keep_settings(config, section, &component->setting_lines);

    const struct value *under = section_value(section, "under");
    component->under_line = under ? under->line : component->line;
    component->n_under = under ? under->n_items : 0;
    component->under = pool_alloc(&config->pool, component->n_under * sizeof(component->under[0]));
    for (size_t i = 0; i < component->n_under; i++) {
        component->under[i] = pool_copy(&config->pool, under->items[i]);
    }
    if (section->type < 0) {
        return; /* told already; the rest needs the type */
    }
    take_ratings(spec, section, problems);
    check_lifetime(section, problems);
    check_max_age(section, problems);
    check_interval(section, problems);
    check_faults(section, problems);
}

void config_take_sensor(struct config *config, struct config_sensor *sensor, const struct section *section,
    struct problems *problems)
{
    struct sensor_spec *spec = &sensor->spec;
    spec->id = (uint64_t)section_number(section, "id", 0);
    spec->type = section->type < 0 ? SENSOR_GENERAL : (enum sensor_type)section->type;
    spec->manufacturer = keep_text(config, section, "manufacturer");
    spec->model_name = keep_text(config, section, "model");
    spec->lifetime_start_utc_ns = to_ns(section_number(section, "lifetime.start", 0));
    spec->lifetime_end_utc_ns = to_ns(section_number(section, "lifetime.end", 0));
    spec->interval_ns = to_ns(section_number(section, "interval", 1));
    spec->max_age_ns = to_ns(section_number(section, "max_age", 0));
    sensor->settings = keep_settings(config, section, &sensor->setting_lines);
    check_lifetime(section, problems);
    check_max_age(section, problems);
    check_interval(section, problems);
}
