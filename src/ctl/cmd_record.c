/* SPDX-License-Identifier: MIT */
/* record: every sample as a line of CSV (RFC 4180), for spreadsheets and pandas, or of JSON. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/csv.h"
#include "ctl/ctl.h"
#include "ctl/follow.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/report.h"

struct record {
    const struct follow_plan *plan;
    const int *metrics; /* the columns */
    size_t n_metrics;
    bool json;
    FILE *to;
};

static const int usual[] = {
    METRIC(AC_ACTIVE_POWER), METRIC(AC_REACTIVE_POWER), METRIC(DC_POWER), METRIC(BATTERY_SOC_PCT)};
static const int usual_with_sensors[] = {METRIC(AC_ACTIVE_POWER), METRIC(AC_REACTIVE_POWER), METRIC(DC_POWER),
    METRIC(BATTERY_SOC_PCT), METRIC(SENSOR_TEMPERATURE), METRIC(SENSOR_RELATIVE_HUMIDITY),
    METRIC(SENSOR_AIR_PRESSURE), METRIC(SENSOR_IRRADIANCE), METRIC(SENSOR_WIND_SPEED),
    METRIC(SENSOR_WIND_DIRECTION)};

/* "time,id,name,state,ac_active_power (W)": the unit in the name, for those who open it years later. */
static void put_heading(const struct record *record)
{
    fputs("time,id,name,state", record->to);
    for (size_t i = 0; i < record->n_metrics; i++) {
        char name[80];
        const char *unit = metric_unit(record->metrics[i]);
        fprintf(record->to, ",%s%s%s%s", word_of(metric_words, record->metrics[i], name, sizeof(name)),
            *unit ? " (" : "", unit, *unit ? ")" : "");
    }
    fputs("\r\n", record->to);
}

static void put_line(const struct record *record, const struct named *thing, const struct sample *sample)
{
    char text[200];
    fprintf(
        record->to, "%s,%" PRIu64 ",", utc_format(sample_time(sample), text, sizeof(text)), named_id(thing));
    csv_put(named_name(thing), record->to);
    fputc(',', record->to);
    csv_put(sample_states(sample, text, sizeof(text)), record->to);
    for (size_t i = 0; i < record->n_metrics; i++) {
        double value;
        if (sample_value(sample, record->metrics[i], &value)) {
            fprintf(record->to, ",%.7g", value);
        } else {
            fputc(',', record->to);
        }
    }
    fputs("\r\n", record->to);
}

static void on_sample(struct follow *follow, size_t index, const struct sample *sample, void *userdata)
{
    const struct record *record = userdata;
    const struct named *thing = &record->plan->things[index];
    if (record->json) {
        json_put_line(follow_to_json(thing, sample), record->to);
    } else {
        put_line(record, thing, sample);
    }
    if (fflush(record->to) != 0) {
        follow_stop(follow, report_failed("cannot write: %s", strerror(errno)));
    }
}

static void on_lost(struct follow *follow, const struct ugrpc_status *why, void *userdata)
{
    fprintf(
        stderr, "%s%s\n", why ? "waiting for the gateway: " : "the gateway is back", why ? why->message : "");
}

static void choose_columns(struct record *record, const struct follow_plan *plan)
{
    record->metrics = plan->n_metrics ? plan->metrics : usual;
    record->n_metrics = plan->n_metrics ? plan->n_metrics : ARRAY_LEN(usual);
    for (size_t i = 0; i < plan->n && plan->n_metrics == 0; i++) {
        if (plan->things[i].sensor) {
            record->metrics = usual_with_sensors;
            record->n_metrics = ARRAY_LEN(usual_with_sensors);
        }
    }
}

/* Pipes and devices are there to be written to. */
static bool is_regular(const char *file)
{
    struct stat info;
    return stat(file, &info) == 0 && S_ISREG(info.st_mode);
}

/* Yesterday's record is not what today's is written over. */
static FILE *open_output(const struct ctl *ctl, const char *file, int *status)
{
    if (!file) {
        return stdout;
    }
    if (is_regular(file) && !arguments_has(&ctl->arguments, OPTION_FORCE)) {
        *status = report_failed("%s: is there already; --force writes over it", file);
        return NULL;
    }
    FILE *to = fopen(file, "we");
    if (!to) {
        *status = report_failed("%s: %s", file, strerror(errno));
    }
    return to;
}

static int run(struct ctl *ctl, const struct follow_plan *plan)
{
    static const struct follow_events events = {.sample = on_sample, .lost = on_lost};
    const char *file = arguments_value(&ctl->arguments, OPTION_OUTPUT);
    int status = CTL_DONE;
    struct record record = {.plan = plan, .json = ctl->json, .to = open_output(ctl, file, &status)};
    if (!record.to) {
        return status;
    }
    choose_columns(&record, plan);
    if (!record.json) {
        put_heading(&record);
    }
    status = follow_run(ctl, plan, &events, &record);
    if (file && fclose(record.to) != 0 && status == CTL_DONE) {
        status = report_failed("%s: %s", file, strerror(errno));
    }
    return status;
}

int command_record(struct ctl *ctl)
{
    struct follow_plan plan;
    int rc = follow_plan_init(ctl, &plan);
    rc = rc ? rc : run(ctl, &plan);
    follow_plan_done(&plan);
    return rc;
}
