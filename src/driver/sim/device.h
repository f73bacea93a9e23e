/* SPDX-License-Identifier: MIT */
/* Inside the simulator: the device as its own files see it. */
#ifndef DRIVER_SIM_DEVICE_H
#define DRIVER_SIM_DEVICE_H

#include "driver/sim/part.h"

struct completion;
struct loaded_series;
struct sensor_part;

struct sim {
    struct device base;
    struct timers *timers;
    uint64_t seed;
    double start_s; /* on the data's clock */
    double speed;
    int64_t started_at_ns;
    char **data_dirs;
    size_t n_data_dirs;

    struct part **parts; /* parents before children, once started */
    size_t n_parts, cap_parts;
    struct sensor_part **sensors;
    size_t n_sensors, cap_sensors;
    struct part *grid; /* NULL on an island */

    struct loaded_series *loaded; /* data files, a list */

    struct timer tick;
    int64_t tick_ns;      /* between two steps of physics */
    int64_t tick_at_ns;   /* the step under way, or the last one */
    int64_t last_tick_ns; /* the one before */
    size_t slice;         /* the first part that is still to be stepped (then summed) */

    struct timer complete;
    struct completion *completions, **completions_end;
};

double sim_data_time_s(const struct sim *sim, int64_t at_ns); /* on the data's clock */

/* The error that a component or sensor starts with, as a bit; 0 if none is set. */
int sim_read_error(const struct settings *settings, uint64_t *errors, struct ugrpc_status *st) MUST_CHECK;

int sim_source(struct sim *sim, const struct settings *settings, const char *name, double otherwise,
    struct source *source, struct ugrpc_status *st) MUST_CHECK;
double source_at(const struct source *source, double sim_time_s);
void sim_series_free(struct sim *sim);

/* As struct driver has it. */
void sim_visit_memory(
    struct device *device, struct component *component, memory_visit_fn *visit, void *userdata);

void sensor_part_start(struct sensor_part *part);
void sensor_part_free(struct sensor_part *part);

#endif
