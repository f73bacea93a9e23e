/* SPDX-License-Identifier: MIT */
/* One thing to write, on its way from the loop to the thread that writes. */
#ifndef STORE_OP_H
#define STORE_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "model/memory.h"

enum op_kind {
    OP_COMMAND,
    OP_OUTCOME,
    OP_REFUSAL,
    OP_END,
    OP_BOUNDS_END, /* of those that have ended by now_ns */
    OP_GAP,
    OP_NOTE,
    OP_KEEP_SETPOINT,
    OP_KEEP_BOUND,
    OP_DROP_BOUNDS,
    OP_FORGET, /* text: which boot it is now */
    OP_STOP,   /* this run ends as it should */
    OP_REMEMBER,
};

struct op {
    struct op *next;
    enum op_kind kind;
    uint64_t serial;   /* counts ops */
    uint64_t id;       /* of the entry that it becomes */
    uint64_t about;    /* the entry of the command that it is about */
    int64_t at_utc_ns; /* when it happened; 0: when it is made */

    uint64_t component;
    int place; /* enum axis, of set-points; enum bounded, of bounds */
    int verb, code, end;
    uint64_t lost; /* entries, in a gap since until_utc_ns; 0: as many as were lost last */
    int mode;      /* enum setpoint_mode */
    bool waiting, limiting;
    bool replaced; /* this note tells that somebody has removed or replaced the file */
    double value;  /* NAN: none; of bounds, the lower side */
    double upper;
    int64_t lifetime_ns, until_ns, until_utc_ns, now_ns;
    uint32_t renewals;
    const char *name; /* the component's; of what is kept, its type, "": unknown. In the op's own memory */
    const char *caller, *detail, *text; /* likewise */
    struct memory memory;               /* the op's own; not copied */
};

/* A copy with strings of its own, NULL counting as "", and without memory. Aborts when memory runs out. */
struct op *op_new(const struct op *like);
void op_free_list(struct op *first);

/* It becomes a row of the record, and has an id. */
bool op_is_row(const struct op *op);

/* It would be missing in the record: an entry that is shown, not a state that a later op repeats, nor a
 * command, whose outcome repeats it. */
bool op_is_entry(const struct op *op);

#endif
