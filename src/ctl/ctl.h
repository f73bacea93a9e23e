/* SPDX-License-Identifier: MIT */
/* One run of microgridctl: what was asked for, and the way to the gateway. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/base.h"
#include "ctl/arguments.h"

struct ugrpc_channel;
struct ugrpc_loop;
struct ugrpc_reply_metadata;

/* How the program ends; scripts rely on these numbers. */
enum ctl_exit {
    CTL_DONE = 0,
    CTL_REFUSED = 1,     /* the gateway said no */
    CTL_USAGE = 2,       /* wrong on this side: command line, configuration, a name that nobody has */
    CTL_UNREACHABLE = 3, /* no gateway there, or not one that is trusted */
    CTL_FAILED = 4,      /* accepted or not: it did not work */
};

struct ctl {
    struct arguments arguments;
    bool json;
    const char *target;
    char *with_port; /* the target, if it was given without one */
    bool insecure;
    bool is_local;                 /* the target is on this machine */
    int64_t timeout_ms;            /* 0: not said */
    struct ugrpc_channel *channel; /* NULL before ctl_connect() */
    bool journal_degraded;         /* says the last answer to a command; see ctl_note_reply() */
};

/* The options that are not yet words: target, TLS, timeout. 0, or an exit status, told. */
int ctl_init(struct ctl *ctl) MUST_CHECK;
/* A channel on `loop`, or, NULL, for blocking calls. Nothing is sent yet. 0, or an exit status, told. */
int ctl_connect(struct ctl *ctl, struct ugrpc_loop *loop) MUST_CHECK;
void ctl_disconnect(struct ctl *ctl); /* ctl_connect() does it first */
void ctl_done(struct ctl *ctl);

/* For one answer; `is_long`: for a sequence of switches. */
int64_t ctl_timeout_ms(const struct ctl *ctl, bool is_long);

/* What came with the answer to a command: warns if the gateway has begun to go without its journal. Frees
 * what is in `metadata`. */
void ctl_note_reply(struct ctl *ctl, struct ugrpc_reply_metadata *metadata);

/* Memory that ran out ends a program as small as this. */
static inline void *must(void *memory)
{
    if (!memory) {
        abort();
    }
    return memory;
}

#endif
