/* SPDX-License-Identifier: MIT */
/* The real microgridctl, against the gateway of a test. Tests find it by $MICROGRIDCTL. */
#ifndef SUPPORT_CTL_H
#define SUPPORT_CTL_H

#include <jansson.h>

#include "support/gateway.h"

struct ctl_run {
    struct gateway *gateway; /* whose address, if it runs, and folder it has */
    const char *env[4];      /* "NAME=value", besides MICROGRID_TARGET */
    int in, out;             /* as in struct process_options */
    struct process process;
};

/* Starts it with ARGS(...) in the gateway's folder, which is its home too. */
void ctl_start(struct ctl_run *run, const char *const *arguments);
/* To its end; returns its exit status. What it said before is forgotten. */
int ctl_do(struct ctl_run *run, const char *const *arguments);

/* Runs it, which must end with `status`, done or not, and fails the test unless stdout, or stderr, holds
 * `text`. */
void ctl_expect_done(struct ctl_run *run, const char *const *arguments, const char *text);
void ctl_expect(struct ctl_run *run, const char *const *arguments, int status, const char *text);

/* Runs it; what it said on stdout, which must be one document of JSON. Caller frees with json_decref(). */
json_t *ctl_json(struct ctl_run *run, const char *const *arguments, int status);

/* Waits until its stdout holds `text` that often. */
void ctl_wait_for(struct ctl_run *run, const char *text, unsigned times);

#endif
