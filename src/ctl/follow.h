/* SPDX-License-Identifier: MIT */
/* Streams of several components and sensors at once, until somebody has enough: Ctrl-C, a time, a count, a
 * key. A gateway that goes away is waited for. */
#ifndef CTL_FOLLOW_H
#define CTL_FOLLOW_H

#include "base/base.h"
#include "base/timer.h"
#include "ctl/directory.h"
#include "ctl/sample.h"

struct ctl;
struct follow;
struct uv_loop_s;

#define MAX_METRICS 16

struct follow_events {
    void (*begin)(struct follow *follow, void *userdata); /* the loop is there; may be NULL */
    /* One more of things[index]; borrowed for the callback. */
    void (*sample)(struct follow *follow, size_t index, const struct sample *sample, void *userdata);
    /* The gateway has gone (`why`), or, NULL, is back. */
    void (*lost)(struct follow *follow, const struct ugrpc_status *why, void *userdata);
    void (*end)(struct follow *follow, void *userdata); /* before anything is told on stderr; may be NULL */
};

/* What is followed, from the command's operands and options. */
struct follow_plan {
    struct directory directory;
    struct named *things;
    size_t n;
    int metrics[MAX_METRICS]; /* none: all */
    size_t n_metrics;
    double for_s;        /* 0: no limit */
    unsigned long count; /* samples of each; 0: no limit */
};

/* 0, or an exit status, told. Without operands: all components. Always follow_plan_done(). */
int follow_plan_init(struct ctl *ctl, struct follow_plan *plan) MUST_CHECK;
void follow_plan_done(struct follow_plan *plan);

/* Runs to the end, whose exit status it returns. */
int follow_run(
    struct ctl *ctl, const struct follow_plan *plan, const struct follow_events *events, void *userdata);
void follow_stop(struct follow *follow, int status);

/* One sample as a document: "kind", "id", "name" and what sample_to_json() adds. */
json_t *follow_to_json(const struct named *thing, const struct sample *sample);

void *follow_userdata(struct follow *follow);
struct timers *follow_timers(struct follow *follow);
struct uv_loop_s *follow_uv(struct follow *follow);

#endif
