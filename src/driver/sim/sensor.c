/* SPDX-License-Identifier: MIT */
/* Sensors: they play measured series. */
#include <math.h>
#include <stdlib.h>

#include "driver/sim/device.h"
#include "sim/weather.h"

struct sensor_part {
    struct sensor *sensor;
    struct sim *sim;
    struct source value, temperature, direction;
    bool offline;
    uint64_t errors;
    struct timer report;
};

static const enum metric metrics[SENSOR_TYPE_COUNT] = {
    [SENSOR_THERMOMETER] = METRIC_SENSOR_TEMPERATURE,
    [SENSOR_HYGROMETER] = METRIC_SENSOR_RELATIVE_HUMIDITY,
    [SENSOR_BAROMETER] = METRIC_SENSOR_AIR_PRESSURE,
    [SENSOR_PYRANOMETER] = METRIC_SENSOR_IRRADIANCE,
    [SENSOR_ANEMOMETER] = METRIC_SENSOR_WIND_SPEED,
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
        .offline = settings_flag(settings, "offline", false),
    };
    timer_init(&part->report, on_report, part);
    sim->sensors[sim->n_sensors++] = part;
    sensor->device = device;
    sensor->driver_data = part;

    int rc = sim_read_error(settings, &part->errors, st);
    rc = rc < 0 ? rc : sim_source(sim, settings, "value", NAN, &part->value, st);
    rc = rc < 0 ? rc : sim_source(sim, settings, "temperature", NAN, &part->temperature, st);
    return rc < 0 ? rc : sim_source(sim, settings, "direction", NAN, &part->direction, st);
}

/* A general sensor's data says what it measures. */
static enum metric sensor_metric(const struct sensor_part *part)
{
    if (part->sensor->spec.type != SENSOR_GENERAL || !part->value.series) {
        return metrics[part->sensor->spec.type];
    }
    switch (series_unit(part->value.series)) {
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
    double time_s = sim_data_time_s(sim, clock_now_ns(sim->timers->clock));
    enum metric metric = sensor_metric(part);
    double value = source_at(&part->value, time_s);
    if (part->errors) {
        builder.sample.state = (struct component_state){STATE_BIT(STATE_ERROR), part->errors, 0, false};
    } else if (metric != METRIC_NONE) {
        /* pyranometers drift a little below 0 at night */
        sample_put(&builder, metric, metric == METRIC_SENSOR_IRRADIANCE ? fmax(0, value) : value);
    }
    if (!part->errors && source_given(&part->temperature)) {
        double dew_point_c = weather_dew_point_c(source_at(&part->temperature, time_s), value);
        sample_put(&builder, METRIC_SENSOR_DEW_POINT, dew_point_c);
    }
    if (!part->errors && source_given(&part->direction)) {
        sample_put(&builder, METRIC_SENSOR_WIND_DIRECTION, source_at(&part->direction, time_s));
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
