/* SPDX-License-Identifier: MIT */
/* What a gateway owes its callers, as slowly and plainly as it can be told: lists of what was asked for, each
 * question answered anew from them, all candidates tried. For a site of one battery inverter with its
 * battery, a PV inverter and an EV charger. It shares no code with src/model, so that both are wrong in the
 * same way only by chance.
 *
 * What is asked for and what devices say is told to it; which orders go to the devices it only watches: each
 * must be what the caller is owed at that moment, and when nothing stands in the way the last one must be.
 * Complaints are texts, NULL if there is none. */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include <stdint.h>

#include "base/status.h"
#include "reference_set.h"

#define REF_ENTRIES   256
#define REF_MAX_AGE_S 8 /* of a sample, before its component is offline */
#define REF_SAMPLE_S  4 /* between samples */

enum ref_which { REF_INVERTER, REF_BATTERY, REF_PV, REF_EV, REF_PARTS };
enum ref_metric { REF_ACTIVE, REF_REACTIVE, REF_DC, REF_SOC, REF_METRICS }; /* the first two are the axes */
enum { REF_AXES = 2 };
enum ref_mode { REF_FREE, REF_ZERO, REF_SET };
enum ref_state { REF_UNKNOWN, REF_OFF, REF_STANDBY, REF_READY, REF_ERROR };
enum ref_action { REF_START, REF_REST, REF_STOP, REF_ACK, REF_NO_ACTION };

struct ref_wish {
    enum ref_mode mode;
    bool waiting; /* for its component to wake */
    double value;
    int64_t until_ns, until_utc_ns;
    uint64_t generation;
};

struct ref_order {      /* the one that the device has not answered */
    bool open, carries; /* a caller's command */
    int64_t number, sent_ns;
    struct ref_wish wish; /* that of the command */
};

struct ref_axis {
    struct ref_wish wish, accepted;
    bool unsent;   /* no order has carried the newest command yet */
    bool must_end; /* what the device may hold has ended, and the next order has to say so */
    struct ref_order order;
    bool ever;    /* it was told something, in an earlier run maybe */
    bool dropped; /* by start, standby, stop or an error: a restart tells it again what that left */
    bool told, released;
    double power;
    int64_t calm_ns; /* with a sample from then on, what was told must be what is owed */
};

struct ref_entry {
    enum ref_metric metric;
    struct ref_range range;
    char owner[8], token[8]; /* "": none */
    int64_t until_ns, until_utc_ns;
};

struct ref_part {
    bool takes[REF_METRICS];
    struct ref_range rated[REF_METRICS], momentary[REF_METRICS];
    double resolution, rated_va;
    bool releases, rests; /* on_expiry; it takes start, standby and stop */
    struct ref_entry entries[REF_ENTRIES];
    int n_entries;
    struct ref_axis axes[REF_AXES];
    /* as last sampled */
    enum ref_state state;
    int64_t sampled_ns;
    double soc_pct, reading[REF_AXES];
    bool open; /* the relays of a battery */
    /* the sequence that its device carries out */
    enum ref_action action;
    bool asked; /* by a caller, not by a set-point that wakes it */
    int64_t action_ns;
    /* as seen from outside: what the axis is said to follow (NAN: unknown), and what it did when it was
     * limited */
    double applied[REF_AXES], free_power[REF_AXES];
};

struct ref {
    struct ref_part parts[REF_PARTS];
    int64_t now_ns, now_utc_ns;
    uint64_t generations;
    bool slow; /* the journal: what is commanded meanwhile is not told before it is written */
};

/* Time: what ends, ends. */
void ref_pass(struct ref *ref, int64_t now_ns, int64_t now_utc_ns);

/* Questions. */
void ref_in_force(const struct ref *ref, enum ref_which which, enum ref_metric metric, struct ref_set *out);
/* The same without what callers have added and ratings: what its device keeps to by itself. */
void ref_own(const struct ref *ref, enum ref_which which, int axis, struct ref_set *out);
bool ref_bounds_are_added(const struct ref *ref, enum ref_which which, int axis);
bool ref_online(const struct ref *ref, enum ref_which which);
bool ref_in_bounds(const struct ref *ref, enum ref_which which, int axis, double value);
double ref_apply(const struct ref *ref, enum ref_which which, int axis, double value);

/* Requests: the status to expect; what is OK is taken in. */
int ref_set_power(struct ref *ref, enum ref_which which, int axis, double value, int64_t lifetime_s);
int ref_run(struct ref *ref, enum ref_which which, enum ref_action action);
struct ref_bounds {
    enum ref_metric metric;
    const struct ref_range *ranges;
    int n;
    const char *owner, *token; /* NULL: none */
    int64_t lifetime_s;
};
int ref_add(struct ref *ref, enum ref_which which, const struct ref_bounds *bounds, int64_t *until_utc_ns);
int ref_clear(struct ref *ref, enum ref_which which, enum ref_metric metric, const char *token);

void ref_take_out(struct ref_part *part, int i); /* the entry i */

/* Devices: a sample, whose values stand in the part already; what became of a sequence, of an order. */
void ref_sample(struct ref *ref, enum ref_which which, enum ref_state state);
void ref_action_done(struct ref *ref, enum ref_which which, bool ok);
void ref_answer(struct ref *ref, enum ref_which which, int axis, int64_t number, bool ok);
const char *ref_order(
    struct ref *ref, enum ref_which which, int axis, bool release, double power, int64_t number);
/* What has to be so whenever all that was due has happened. */
const char *ref_check_told(const struct ref *ref, enum ref_which which, int axis);

/* A planned stop, then nothing goes on but the zeros; what to keep for the next start comes in *kept. */
void ref_stop(struct ref *ref, struct ref *kept);
/* A new run that goes on with what was kept, without a sample yet. `believed`: of another boot, and UTC can
 * be believed; then UTC decides. Neither that nor the same boot: all has ended. */
void ref_restart(struct ref *ref, const struct ref *kept, bool same_boot, bool believed);

#endif
