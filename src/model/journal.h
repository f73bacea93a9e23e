/* SPDX-License-Identifier: MIT */
/* What outlives the gateway: a record of each command and its end, and the set-points and bounds to go on
 * with after a restart. The model says what happens; who keeps it (src/store) is plugged in by the daemon.
 *
 * A command's order is: intent on disk, device, outcome on disk, answer. Writing takes time, so nothing here
 * fails or waits: journal_sync() tells when all that was written before is safe, or cannot be, which is the
 * keeper's to report. Everything runs on the loop. */
#ifndef MODEL_JOURNAL_H
#define MODEL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "base/status.h"
#include "model/caller.h"
#include "model/component.h"

/* Stored by number: append only. */
enum journal_verb {
    JOURNAL_SET_ACTIVE,
    JOURNAL_SET_REACTIVE,
    JOURNAL_ADD_BOUNDS,
    JOURNAL_CLEAR_BOUNDS,
    JOURNAL_START,
    JOURNAL_STANDBY,
    JOURNAL_STOP,
    JOURNAL_ACK,
};

/* How a set-point or bounds ended. Stored by number: append only. */
enum journal_end {
    JOURNAL_EXPIRED,
    JOURNAL_DROPPED,  /* by start, standby, stop, an error, a device that no longer took it, or a restart */
    JOURNAL_REPLACED, /* by a newer one; told only of one that was renewed */
};

/* Strings are borrowed for the call. */
struct journal_command {
    enum journal_verb verb;
    uint64_t component_id;
    const char *component; /* its name; "" if the site has none of this id */
    const struct caller *caller;
    double value;        /* W or VAr; NAN: none */
    int64_t lifetime_ns; /* 0: none */
    const char *detail;  /* of bounds: "ac_active_power -2000 ... 4000 W"; else "" */
};

/* What an axis goes on with. */
struct journal_setpoint {
    uint64_t component_id;
    const char *component; /* its name; not after a restart */
    enum component_type type;
    enum axis axis;
    enum setpoint_mode mode; /* ACTIVE until its end; ZERO; FREE: it was told something, but is to run free */
    bool waiting;
    bool limiting; /* FREE, but within added bounds: `requested` is what it did before */
    double requested;
    int64_t until_ns, until_utc_ns;
    const char *by;
    uint64_t entry; /* of the command */
    uint32_t renewals;
};

/* Bounds that end together, of one owner, or (all of them) of whoever uses the token. */
struct journal_bounds {
    uint64_t component_id;
    enum component_type type;
    enum bounded bounded;
    const char *owner, *token; /* NULL: no token */
    const struct range *ranges;
    size_t n;
    int64_t until_ns, until_utc_ns;
};

/* Bounds that have ended, all of one metric at once. */
struct journal_bounds_end {
    uint64_t component_id;
    const char *component; /* its name */
    enum bounded bounded;
    const char *detail; /* which, as of a command */
    const char *by;     /* "": several callers */
    int64_t until_utc_ns;
    enum journal_end end;
    const char *why;
};

typedef void journal_sync_fn(void *userdata);

struct journal;

struct journal_keeper {
    /* Returns the command's entry, never 0. */
    uint64_t (*write_command)(struct journal *journal, const struct journal_command *command);
    /* The message of an OK says what was applied, if that is not what was asked. */
    void (*write_outcome)(struct journal *journal, uint64_t entry, const struct ugrpc_status *st);
    /* A command that never was one, in a row of its own; it may be written late. */
    void (*write_refusal)(
        struct journal *journal, const struct journal_command *command, const struct ugrpc_status *st);
    void (*write_end)(struct journal *journal, const struct journal_setpoint *setpoint, enum journal_end end,
        const char *why);
    /* It may be written late. What is kept of them goes. */
    void (*write_bounds_end)(struct journal *journal, const struct journal_bounds_end *ended);

    void (*keep_setpoint)(struct journal *journal, const struct journal_setpoint *setpoint);
    /* Identical ones are kept once, with the later end. */
    void (*keep_bounds)(struct journal *journal, const struct journal_bounds *bounds);
    void (*drop_bounds)(
        struct journal *journal, uint64_t component_id, enum bounded bounded, const char *token);
    /* All set-points and bounds; what is kept now follows. */
    void (*forget)(struct journal *journal);

    /* done() runs once, from a later turn of the loop and in the order of the calls. */
    void (*sync)(struct journal *journal, journal_sync_fn *done, void *userdata);

    /* What is written now is lost, as it cannot be kept. */
    bool (*is_degraded)(const struct journal *journal);
};

/* The first member of a keeper's own struct. */
struct journal {
    const struct journal_keeper *keeper;
};

/* From now on what happens to the site is journaled, beginning with what counts now. */
void journal_attach(struct site *site, struct journal *journal);
/* Before the journal is freed, and that before the site. No done() comes any more: what waited for one is not
 * answered. */
void journal_detach(struct site *site);

/* Writes what the axes and bounds of the site are now, instead of whatever was kept. */
void journal_snapshot(const struct site *site);

/* For callers of the model. Nothing is done for a site without a journal; then journal_write_command()
 * returns 0. */
uint64_t journal_write_command(const struct site *site, const struct journal_command *command);
void journal_write_outcome(const struct site *site, uint64_t entry, const struct ugrpc_status *st);
void journal_write_refusal(
    const struct site *site, const struct journal_command *command, const struct ugrpc_status *st);

/* There is a journal, and what happens now will be missing in it. */
bool journal_is_degraded(const struct site *site);

/* True: done() runs once from a later turn of the loop, when all that was written before is safe. False:
 * there is no journal to wait for, and done() does not come. */
bool journal_sync(const struct site *site, journal_sync_fn *done, void *userdata) MUST_CHECK;

#endif
