/* SPDX-License-Identifier: MIT */
/* How things are now: the first message of the stream of each of several components or sensors. */
#ifndef CTL_SNAPSHOT_H
#define CTL_SNAPSHOT_H

#include "ctl/directory.h"
#include "ctl/sample.h"

struct ctl;

struct snapshot {
    struct sample *samples; /* in the order that they were asked for */
    size_t n;
};

/* On a channel for blocking calls. 0, or an exit status, told. Always snapshot_done(). */
int snapshot_take(struct ctl *ctl, const struct named *named, size_t n, struct snapshot *snapshot) MUST_CHECK;
/* The same, but without a word: a negative code explained in *st. */
int snapshot_try(struct ctl *ctl, const struct named *named, size_t n, struct snapshot *snapshot,
    struct ugrpc_status *st) MUST_CHECK;
/* Of every component that the directory has, in its order. */
int snapshot_all(struct ctl *ctl, const struct directory *directory, struct snapshot *snapshot) MUST_CHECK;
/* The first sample of a component that was taken after now: its second message. NULL if none comes in time;
 * the caller frees it with microgrid_common_v1_microgrid_components_component_data_free(). */
component_data *snapshot_next(struct ctl *ctl, const component_message *component);
void snapshot_done(struct snapshot *snapshot);

#endif
