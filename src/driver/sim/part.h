/* SPDX-License-Identifier: MIT */
/* Inside the simulator: a part is what stands behind one component, a kind is what it does. */
#ifndef DRIVER_SIM_PART_H
#define DRIVER_SIM_PART_H

#include "base/settings.h"
#include "driver/sim/sim.h"
#include "model/driver.h"
#include "model/graph.h"
#include "model/sharing.h"
#include "sim/ac.h"
#include "sim/battery.h"
#include "sim/capacitor_bank.h"
#include "sim/chp.h"
#include "sim/electrolyzer.h"
#include "sim/ev.h"
#include "sim/grid.h"
#include "sim/hvac.h"
#include "sim/inverter.h"
#include "sim/load.h"
#include "sim/miner.h"
#include "sim/precharger.h"
#include "sim/pv.h"
#include "sim/relay.h"
#include "sim/rng.h"
#include "sim/sequence.h"
#include "sim/series.h"
#include "sim/sun.h"
#include "sim/wind_turbine.h"

#define SAMPLE_MAX_READINGS 96

struct part;

/* A sample while it is put together. */
struct sample_builder {
    struct sample sample;
    struct reading readings[SAMPLE_MAX_READINGS];
};

void sample_put(struct sample_builder *builder, enum metric metric, double value);
void sample_put_ac(struct sample_builder *builder, const struct ac_quantities *ac, bool basic);
void sample_put_dc(struct sample_builder *builder, double voltage_v, double current_a, double power_w);

/* What a setting says of a quantity's course: a measured series or one value; NAN if neither is given. */
struct source {
    const struct series *series; /* owned by the simulator */
    double fixed;
};

/* Shows numbers of a part to whoever keeps them, or gives them back: model/memory.h. */
struct numbers {
    memory_visit_fn *visit;
    void *userdata;
};

void numbers_count(const struct numbers *numbers, const char *name, double *value);
void numbers_level(
    const struct numbers *numbers, const char *name, double *value, double lower, double upper);
int numbers_choice(const struct numbers *numbers, const char *name, int value, int most); /* 0 ... most */
bool numbers_flag(const struct numbers *numbers, const char *name, bool value);
void numbers_cycles(const struct numbers *numbers, const char *name, struct relay_state *relay);
void numbers_relay(const struct numbers *numbers, const char *closed_name, const char *cycles_name,
    struct relay_state *relay);

struct part_kind {
    bool is_ac; /* has AC metrics, of its own power or of all below it */

    /* Optional. Reads its settings. */
    int (*init)(struct part *part, const struct settings *settings, struct ugrpc_status *st);
    /* Optional. One step of physics: sets the part's own power_w and reactive_var. Parents are stepped
     * before. */
    void (*step)(struct part *part, double dt_s);
    /* Optional. States (without errors; READY if it does not say), limits of the moment and readings besides
     * the AC ones. */
    void (*read)(struct part *part, struct sample_builder *builder);
    /* Optional: what start, standby, stop begin. settled() tells when it has ended; a failure sets
     * part->fault. */
    void (*go)(struct part *part, enum sequence_goal goal);
    bool (*settled)(struct part *part);
    /* Optional. Shows what a real device would have kept, besides AC energy; what comes back must fit
     * together. */
    void (*remember)(struct part *part, const struct numbers *numbers);
    /* Optional: free what init() took. */
    void (*done)(struct part *part);
};

/* A battery behind an inverter. */
struct dc_link {
    struct part *battery;
    struct sharing share; /* of the battery, when several inverters have it */
    bool conducts;        /* in this step */
    struct power_range able;
};

struct pv_part {
    struct pv_params params;
    struct pv_output available, now;
    struct source power, irradiance, ambient, wind; /* `power`, if given, stands for all else */
    double scale;                                   /* of `power`; negative: production is positive there */
    struct sun_plane plane;
};

struct inverter_part {
    struct inverter_params params;
    struct inverter_state state;
    struct sequence_params sequence_params;
    struct sequence_state sequence;
    enum sequence_goal goal; /* what it goes to once its power is gone */
    struct dc_link *links;
    size_t n_links;
    struct power_range batteries_left; /* what callers leave the batteries of a hybrid inverter */
    struct power_range able;           /* AC power that both sides allow now */
    struct pv_part *pv;                /* PV and hybrid inverters */
};

struct battery_part {
    struct battery_params params;
    struct battery_state state;
    struct relay_params relay_params;
    struct relay_state relay;
    double dc_in_w; /* what inverters move in this step */
    struct source ambient;
};

struct meter_part {
    struct load_params params;
    struct load_state load;
    struct source profile;
    double scale;
};

struct part {
    struct component *component;
    const struct part_kind *kind;
    struct sim *sim;
    struct rng rng;

    bool live;         /* AC reaches it from the grid */
    bool feeds;        /* and is handed on by it */
    size_t n_feeding;  /* parents that do */
    double power_w[3]; /* within a tick: its own, then with all below it */
    double reactive_var[3];
    double total_w[3]; /* the same at the end of the last tick */
    double total_var[3];
    struct ac_quantities ac; /* its counters are of the last tick, the rest of the last sample */

    double wanted[AXIS_COUNT]; /* set-points; NAN: free */
    uint64_t errors;
    bool unrecoverable, offline;
    bool basic; /* reports only what a simple meter would */

    status_fn *on_settled; /* of the sequence under way, NULL if none */
    void *on_settled_userdata;
    struct ugrpc_status fault; /* why the sequence failed */

    struct timer report;

    union {
        struct inverter_part inverter;
        struct battery_part battery;
        struct meter_part meter;
        struct {
            struct grid_params params;
            struct grid_state state;
        } grid;
        struct {
            struct ev_params params;
            struct ev_state state;
        } ev;
        struct {
            struct chp_params params;
            struct chp_state state;
        } chp;
        struct {
            struct electrolyzer_params params;
            struct electrolyzer_state state;
        } electrolyzer;
        struct {
            struct hvac_params params;
            struct hvac_state state;
            struct source ambient;
        } hvac;
        struct {
            struct miner_params params;
            struct miner_state state;
        } miner;
        struct {
            struct wind_turbine_params params;
            struct wind_turbine_state state;
            struct source wind;
        } wind;
        struct {
            struct capacitor_bank_params params;
            struct capacitor_bank_state state;
        } bank;
        struct {
            struct relay_params params;
            struct relay_state state;
        } relay;
        struct {
            struct precharger_params params;
            struct precharger_state state;
        } precharger;
    };
};

extern const struct part_kind inverter_kind, battery_kind;         /* part_inverter.c, part_battery.c */
extern const struct part_kind relay_kind, precharger_kind;         /* part_switch.c */
extern const struct part_kind grid_kind, meter_kind, passive_kind; /* part_meter.c */
extern const struct part_kind ev_kind, electrolyzer_kind, hvac_kind, miner_kind; /* part_load.c */
extern const struct part_kind chp_kind, wind_kind, bank_kind;                    /* part_source.c */

static inline struct part *part_of(const struct component *component)
{
    return component->driver_data;
}

/* Holds all batteries of a hybrid inverter together within `left`. */
void inverter_part_limit_batteries(struct part *part, struct range left);
/* Finds the batteries behind an inverter; nothing happens for other parts. Once all are attached. */
void inverter_part_link(struct part *part);
const char *inverter_part_step_name(const struct part *part);

bool part_conducts(const struct part *part);          /* false: an open switch */
double part_sim_time_s(const struct part *part);      /* on the data's clock */
const double *part_voltages(const struct part *part); /* of the three phases, at the grid */
void part_set_power(struct part *part, double power_w, double reactive_var); /* evenly on three phases */
void part_raise(struct part *part, enum error_code code);
double part_limit(
    const struct part *part, double otherwise); /* the active set-point, or `otherwise` when free */

/* READY, CHARGING or DISCHARGING by the sign of the power; below `threshold_w` it is READY. */
uint32_t part_power_state(double power_w, double threshold_w);

/* Reads an optional setting, a number or "FILE/COLUMN"; without it the source is fixed at `otherwise` (NAN:
 * not given). A file's column is loaded once for the whole site. */
int part_source(struct part *part, const struct settings *settings, const char *name, double otherwise,
    struct source *source, struct ugrpc_status *st) MUST_CHECK;
double part_source_now(const struct part *part, const struct source *source);
bool source_given(const struct source *source);

#endif
