/* SPDX-License-Identifier: MIT */
/* Sensors: they play measured series, or a plausible course of the day where they have none. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver/sim/device.h"
#include "sim/weather.h"

struct sensor_part {
    struct sensor *sensor;
    struct sim *sim;
    const struct series *value, *temperature, *direction;
    double fixed;
    bool offline, faulty;
    struct timer report;
};

/* What each type measures, and a value where no data is given: mean and swing over the day. */
static const struct {
    enum metric metric;
    double mean, swing;
} types[SENSOR_TYPE_COUNT] = {
    [SENSOR_THERMOMETER] = {METRIC_SENSOR_TEMPERATURE, 12, 6},
    [SENSOR_HYGROMETER] = {METRIC_SENSOR_RELATIVE_HUMIDITY, 65, -15},
    [SENSOR_BAROMETER] = {METRIC_SENSOR_AIR_PRESSURE, 101300, 150},
    [SENSOR_PYRANOMETER] = {METRIC_SENSOR_IRRADIANCE, 200, 600},
    [SENSOR_ANEMOMETER] = {METRIC_SENSOR_WIND_SPEED, 4, 2},
};

static void on_report(struct timer *timer, void *userdata);

int sim_attach_sensor(
    struct device *device, struct sensor *sensor, const struct settings *settings, struct ugrpc_status *st)
{
    struct sim *sim = container_of(device, struct sim, base);
    if (sim->n_sensors == sim->cap_sensors) {
        size_t cap = sim->cap_sensors ? 2 * sim->cap_sensors : 8;
        struct sensor_part **sensors = realloc(sim->sensors, cap * sizeof(struct sensor_part *));
        if (!sensors) {
            return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        }
        sim->sensors = sensors;
        sim->cap_sensors = cap;
    }
    struct sensor_part *part = calloc(1, sizeof(*part));
    if (!part) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    *part = (struct sensor_part){
        .sensor = sensor,
        .sim = sim,
        .fixed = settings_number(settings, "value", NAN),
        .offline = settings_flag(settings, "offline", false),
        .faulty = settings_flag(settings, "error", false),
    };
    timer_init(&part->report, on_report, part);
    sim->sensors[sim->n_sensors++] = part;
    sensor->device = device;
    sensor->driver_data = part;

    const struct {
        const char *name;
        const struct series **series;
    } wanted[] = {
        {"value", &part->value}, {"temperature", &part->temperature}, {"direction", &part->direction}};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        const char *text = settings_text(settings, wanted[i].name, NULL);
        if (text && !(*wanted[i].series = sim_series(sim, text, st))) {
            return -UGRPC_INVALID_ARGUMENT;
        }
    }
    return 0;
}

static double measure(const struct sensor_part *part, double time_s)
{
    if (part->value) {
        return series_at(part->value, time_s);
    }
    if (!isnan(part->fixed)) {
        return part->fixed;
    }
    double day = sin((fmod(time_s, 86400) / 86400 - 0.375) * 2 * M_PI); /* highest in the afternoon */
    return types[part->sensor->spec.type].mean + types[part->sensor->spec.type].swing * day;
}

/* Without a type of its own, a sensor's data says what it measures. */
static enum metric sensor_metric(const struct sensor_part *part)
{
    enum metric metric = types[part->sensor->spec.type].metric;
    if (metric != METRIC_NONE || !part->value) {
        return metric;
    }
    switch (series_unit(part->value)) {
    case SERIES_CELSIUS:
        return METRIC_SENSOR_TEMPERATURE;
    case SERIES_PERCENT:
        return METRIC_SENSOR_RELATIVE_HUMIDITY;
    case SERIES_PASCAL:
        return METRIC_SENSOR_AIR_PRESSURE;
    case SERIES_WATT_PER_M2:
        return METRIC_SENSOR_IRRADIANCE;
    case SERIES_METRE_PER_SECOND:
        return METRIC_SENSOR_WIND_SPEED;
    case SERIES_DEGREE:
        return METRIC_SENSOR_WIND_DIRECTION;
    default:
        return METRIC_NONE;
    }
}

static void report(struct sensor_part *part)
{
    if (part->offline) {
        return;
    }
    struct sim *sim = part->sim;
    struct sample_builder builder = {.sample = {.time_utc_ns = clock_now_utc_ns(sim->timers->clock)}};
    builder.sample.readings = builder.readings;
    double time_s = sim->start_s + (double)(clock_now_ns(sim->timers->clock) - sim->started_at_ns) /
                                       (double)NS_PER_S * sim->speed;
    enum metric metric = sensor_metric(part);
    double value = measure(part, time_s);
    if (metric == METRIC_SENSOR_IRRADIANCE) {
        value = fmax(0, value); /* instruments drift a little below 0 at night */
    }
    if (metric != METRIC_NONE && !part->faulty) {
        sample_put(&builder, metric, value);
    }
    if (metric == METRIC_SENSOR_RELATIVE_HUMIDITY && part->temperature && !part->faulty) {
        sample_put(&builder, METRIC_SENSOR_DEW_POINT,
            weather_dew_point_c(series_at(part->temperature, time_s), value));
    }
    if (part->direction && !part->faulty) {
        sample_put(&builder, METRIC_SENSOR_WIND_DIRECTION, series_at(part->direction, time_s));
    }
    if (part->faulty) {
        builder.sample.state = (struct component_state){
            STATE_BIT(STATE_ERROR), ERROR_BIT(ERROR_UNKNOWN), 0, false};
    }
    sensor_report(part->sensor, &builder.sample);
}

static void on_report(struct timer *timer, void *userdata)
{
    struct sensor_part *part = userdata;
    timer_start_in(part->sim->timers, timer, part->sensor->spec.interval_ns);
    report(part);
}

void sensor_part_start(struct sensor_part *part)
{
    timer_start_in(part->sim->timers, &part->report, part->sensor->spec.interval_ns);
    report(part);
}

void sensor_part_free(struct sensor_part *part)
{
    timer_stop(part->sim->timers, &part->report);
    part->sensor->driver_data = NULL;
    part->sensor->device = NULL;
    free(part);
}
