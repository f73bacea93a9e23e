/* SPDX-License-Identifier: MIT */
/* A small site on a fake clock, with a fake device behind every component that records what it is told and
 * answers when the test says so:
 *
 *     grid 1 - meter 2 -+- bat_inv 4 - battery 5
 *                       +- pv_inv 9
 *                       +- ev_charger 10
 *                       +- relay 14 - relay_inv 16 - battery_2 17
 *
 * bat_inv: +-10 kW, battery: +-20 kW and 10 ... 90 % SoC; pv_inv: -15 kW ... 0; ev_charger: 0 ... 11 kW. */
#ifndef TESTS_FAKE_SITE_H
#define TESTS_FAKE_SITE_H

#include "model/bounds.h"
#include "model/command.h"
#include "model/driver.h"
#include "model/graph.h"
#include "model/lifecycle.h"
#include "model/site.h"
#include "model/telemetry.h"

enum fake_kind { FAKE_POWER, FAKE_RELEASE, FAKE_START, FAKE_STANDBY, FAKE_STOP, FAKE_ACK };

struct fake_order {
    enum fake_kind kind;
    struct component *component;
    enum axis axis;
    double power;
    status_fn *done; /* NULL: answered */
    void *userdata;
};

/* What the battery has accumulated. */
struct fake_memory {
    double counted_wh, soc_pct;
};

struct fake_device {
    struct device base;
    struct fake_order orders[4096];
    size_t n;
    struct range left; /* to the batteries of a hybrid inverter, as last told */
    int n_left;        /* how often it was told */
    bool reverts;
    struct fake_memory memory;
};

/* How a caller's request ended. */
struct fake_answer {
    int n; /* how often it was answered */
    struct ugrpc_status st;
    int64_t until_utc_ns;
};

struct fake_site {
    struct fake_clock clock;
    struct timers timers;
    struct site *site;
    struct fake_device device;
    struct component *grid, *meter, *bat_inv, *battery, *pv_inv, *ev_charger, *relay, *relay_inv, *battery_2;
    struct event last_event; /* of any kind; its text is below */
    char event_text[512];
    int events[EVENT_ERROR_CLEARED + 1];      /* how many of each kind */
    char texts[EVENT_ERROR_CLEARED + 1][512]; /* and the newest of each */
};

struct fake_site *fake_site_new(void); /* connected, and each component has reported once, in operation */
struct fake_site *fake_site_new_bare(void);
void fake_site_free(struct fake_site *fake);

struct component *fake_add(struct fake_site *fake, uint64_t id, const char *name, enum component_type type,
    double lower_w, double upper_w);
void fake_connect(struct component *start, struct component *end);

/* A new sample, one millisecond after what was before: state codes, and readings {metric, value} … */
void fake_report_state(struct component *component, uint32_t states);
void fake_report_error(struct component *component, enum error_code error, bool unrecoverable);
void fake_report_reading(struct component *component, enum metric metric, double value); /* others stay */
void fake_report_momentary(struct component *component, enum bounded bounded, double lower, double upper);
void fake_report_pv(struct component *hybrid, double power_w);

/* Moves the clock; timers fire at their times. Nobody goes offline meanwhile: those that were online report
 * again every second. */
void fake_pass_ms(struct fake_site *fake, int64_t ms);
/* The same, and nobody reports. */
void fake_silence_ms(struct fake_site *fake, int64_t ms);

/* The newest order, or the newest of one component, which must exist. */
struct fake_order *fake_last(struct fake_site *fake, const struct component *component);
size_t fake_count(const struct fake_site *fake, const struct component *component, enum fake_kind kind);
size_t fake_unanswered(const struct fake_site *fake);

void fake_finish(struct fake_order *order, enum ugrpc_code code);
void fake_finish_all(struct fake_site *fake); /* OK to all, also to what follows from that */

/* Requests with the callers a and b. */
extern const struct caller fake_caller_a, fake_caller_b;
void fake_on_command(const struct ugrpc_status *st, int64_t until_utc_ns, void *userdata); /* fake_answer */
void fake_on_status(const struct ugrpc_status *st, void *userdata);
int fake_set(struct component *component, double power_w, int64_t lifetime_s, struct fake_answer *answer);
int fake_set_reactive(
    struct component *component, double power_var, int64_t lifetime_s, struct fake_answer *answer);
int fake_bound(struct component *component, enum metric metric, double lower, double upper, int64_t s);
int fake_add_bounds(struct component *component, enum metric metric, const struct caller *caller,
    const char *token, const struct range *ranges, size_t n, int64_t s, int64_t *until_utc_ns,
    struct ugrpc_status *st);
int fake_run(struct component *component, enum lifecycle_action action, struct fake_answer *answer);

#endif
