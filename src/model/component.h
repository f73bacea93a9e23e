/* SPDX-License-Identifier: MIT */
/* One electrical component (or sensor) of the site: what it is, its neighbours, its latest sample and its
 * set-points. Fields are read freely by the layers to the right and written only by model/. */
#ifndef MODEL_COMPONENT_H
#define MODEL_COMPONENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timer.h"
#include "model/metric.h"
#include "model/range.h"
#include "model/state.h"

/* Stored by number (model/memory.c): append only. */
/* clang-format off */
#define COMPONENT_TYPE_TABLE(X) \
    X(GRID, "grid")                         /* the grid connection point */ \
    X(METER, "meter")                       /* with an unmetered load of its own, if it has one */ \
    X(BATTERY_INVERTER, "battery_inverter") \
    X(PV_INVERTER, "pv_inverter") \
    X(HYBRID_INVERTER, "hybrid_inverter") \
    X(CONVERTER, "converter") \
    X(BATTERY, "battery") \
    X(EV_CHARGER, "ev_charger") \
    X(CRYPTO_MINER, "crypto_miner") \
    X(ELECTROLYZER, "electrolyzer") \
    X(CHP, "chp") \
    X(RELAY, "relay") \
    X(PRECHARGER, "precharger") \
    X(FUSE, "fuse") \
    X(TRANSFORMER, "transformer") \
    X(HVAC, "hvac") \
    X(WIND_TURBINE, "wind_turbine")         /* v1 has no such category */ \
    X(CAPACITOR_BANK, "capacitor_bank")     /* v1 has no such category */

#define SENSOR_TYPE_TABLE(X) \
    X(THERMOMETER, "thermometer") \
    X(HYGROMETER, "hygrometer") \
    X(BAROMETER, "barometer") \
    X(PYRANOMETER, "pyranometer") \
    X(ANEMOMETER, "anemometer") \
    X(ACCELEROMETER, "accelerometer") \
    X(GENERAL, "general")
/* clang-format on */

enum component_type {
#define X(id, name) COMPONENT_##id,
    COMPONENT_TYPE_TABLE(X)
#undef X
        COMPONENT_TYPE_COUNT,
};

enum sensor_type {
#define X(id, name) SENSOR_##id,
    SENSOR_TYPE_TABLE(X)
#undef X
        SENSOR_TYPE_COUNT,
};

enum battery_type { BATTERY_TYPE_LI_ION, BATTERY_TYPE_NA_ION };
enum ev_charger_kind { EV_CHARGER_AC, EV_CHARGER_DC, EV_CHARGER_HYBRID };
enum on_expiry { ON_EXPIRY_ZERO, ON_EXPIRY_RELEASE };

/* The two axes of AC power that take set-points. */
enum axis { AXIS_ACTIVE, AXIS_REACTIVE, AXIS_COUNT };

/* The metrics that take added bounds. */
enum bounded { BOUNDED_ACTIVE, BOUNDED_REACTIVE, BOUNDED_DC_POWER, BOUNDED_SOC, BOUNDED_COUNT };

struct component;
struct device;
struct site;

/* What the configuration says of a component. Strings are copied. A range that a component does not have is
 * {NAN, NAN}. */
struct component_spec {
    uint64_t id;
    const char *name; /* unique in the site */
    enum component_type type;
    const char *manufacturer, *model_name; /* "" if unknown */
    bool inactive;                         /* status INACTIVE; default ACTIVE */
    int64_t lifetime_start_utc_ns;         /* operational lifetime; 0: none */
    int64_t lifetime_end_utc_ns;           /* 0: open */

    double fuse_current_a;         /* grid, fuse */
    double primary_v, secondary_v; /* transformer */
    double line_v;                 /* grid: nominal, between phases, of a site without transformers; 0: 400 */
    enum battery_type battery_type;    /* battery */
    enum ev_charger_kind ev_kind;      /* EV charger */
    struct range rated[BOUNDED_COUNT]; /* W, VAr, W (DC), % */
    double rated_va;                   /* S; 0: the larger rated active bound */
    double least_w;                    /* what it does at least while it runs, without sign; 0: anything */
    double resolution;                 /* W and VAr; 0: any value */
    double tolerance;                  /* W and VAr; 0: 2 % of the rated power, at least the resolution */
    int64_t interval_ns;               /* between samples; default 1 s */
    int64_t max_age_ns;                /* 0: 3 intervals, at least 3 s, at most 8 s */
    enum on_expiry on_expiry;
};

struct sensor_spec {
    uint64_t id;
    const char *name;
    enum sensor_type type;
    const char *manufacturer, *model_name;
    int64_t lifetime_start_utc_ns, lifetime_end_utc_ns;
    int64_t interval_ns, max_age_ns;
};

struct reading {
    enum metric metric;
    float value;
};

/* The newest sample of a component or sensor, and who wants to hear of the next (model/telemetry.h). */
struct telemetry {
    struct reading *readings; /* no NaN, each metric at most once */
    size_t n_readings, cap_readings;
    struct component_state state;
    int64_t sampled_utc_ns; /* 0: no sample yet */
    int64_t sampled_at_ns;
    uint64_t sequence; /* counts samples */
    bool offline;
    int64_t max_age_ns;
    struct timer freshness;
    struct subscription *subscribers; /* a list */
    struct subscription *next_told;   /* while telling: the next of the list; unsubscribing moves it on */
    struct site *site;
};

/* Stored by number. */
enum setpoint_mode {
    SETPOINT_FREE,   /* never commanded, or released: the device does what it likes within its bounds */
    SETPOINT_ZERO,   /* held at 0 after an expiry, a start, standby, stop or error */
    SETPOINT_ACTIVE, /* `requested` counts until `until_ns` */
};

struct setpoint {
    enum setpoint_mode mode;
    double requested;     /* as accepted */
    double applied;       /* after bounds and resolution: what the device was last told; NAN: nothing */
    bool waiting;         /* ACTIVE, but its component still wakes from standby */
    int64_t until_ns;     /* boot time */
    int64_t until_utc_ns; /* what the caller was told */
    uint64_t generation;  /* counts commands, so that an expiry never touches a newer one */
    char by[64];          /* who set it */
    uint64_t entry;       /* of the command in the journal; 0: none */
    uint32_t renewals;    /* of the same value by the same caller */
    struct timer expiry;
    struct outbox *outbox; /* model/command.c; NULL if the component takes no set-points on this axis */
};

struct component {
    struct component_spec spec; /* strings owned */
    char *label;                /* "bat_inv_1 (4)" */
    struct site *site;
    struct device *device;                  /* NULL: nothing behind it (a fuse, say) */
    struct component **parents, **children; /* towards the grid, away from it */
    size_t n_parents, n_children;
    struct links *links;   /* model/graph.c */
    struct trace *trace;   /* model/feeders.c: of what measures for a fuse; NULL: it does not */
    struct member *member; /* the same; NULL: takes no set-points, or the site has no fuse */

    struct telemetry telemetry;
    struct range momentary[BOUNDED_COUNT]; /* the device's own limits of the moment, from the last sample */
    double pv_w;                           /* DC power that a hybrid inverter's PV can give now, ≥ 0 */
    struct ranges in_force[BOUNDED_COUNT]; /* what a command is checked against and streams publish */
    struct bounds_ledger *added;           /* model/bounds.c; NULL if the component takes no bounds */
    struct setpoint setpoints[AXIS_COUNT];
    struct lifecycle *lifecycle; /* model/lifecycle.h */
    void *driver_data;           /* the driver's own */
};

struct sensor {
    struct sensor_spec spec; /* strings owned */
    struct device *device;
    struct telemetry telemetry;
    void *driver_data;
};

const char *component_type_name(enum component_type type); /* "battery_inverter" */
int component_type_from_name(const char *name);            /* or -1 */
const char *sensor_type_name(enum sensor_type type);
int sensor_type_from_name(const char *name);

/* "bat_inv_1 (4)", as every message and log line names a component. Valid as long as the component. */
const char *component_label(const struct component *component);

bool component_is_inverter(const struct component *component);
bool component_has_dc_relays(const struct component *component); /* battery and hybrid inverters, batteries */

/* The ability table of the API's contract. */
bool component_takes_power(const struct component *component, enum axis axis);
bool component_takes_bounds(const struct component *component, enum bounded bounded);
enum metric bounded_metric(enum bounded bounded);
/* Which of its bounds are those of `metric` (enum bounded), or -1: it takes none for it. */
int component_bounded(const struct component *component, enum metric metric);
enum bounded axis_bounded(enum axis axis);
const char *axis_unit(enum axis axis); /* "W" or "VAr" */

/* The apparent power that both axes share. */
double component_rated_va(const struct component *component);

/* A set-point of active power is only a limit: the sun, the wind, a car or a start-up decide what comes. */
bool component_is_only_limited(const struct component *component);
/* How far from a set-point the measured power may be to count as there. */
double component_tolerance(const struct component *component);

/* The reading of the latest sample, or NAN. */
double component_reading(const struct component *component, enum metric metric);

#endif
