/* SPDX-License-Identifier: MIT */
/* What the gateway says of itself when it is ready. */
#ifndef DAEMON_BANNER_H
#define DAEMON_BANNER_H

#include <stdbool.h>
#include <stddef.h>

struct access;
struct site;

struct banner {
    const struct site *site;
    const struct access *access;
    const char *const *addresses; /* as bound */
    size_t n_addresses;
    const char *api;       /* the versions served */
    const char *devices;   /* "simulated, data from 10:00, seed 1" */
    bool keeps;            /* it has a state folder */
    const char *read_only; /* why no command is taken; NULL: they are */
};

/* "15 components, 14 connections, 1 sensor" */
void banner_count(const struct site *site, char *out, size_t cap);

/* For people: some lines on stderr. For machines: the same as one line of the log, and one more if nothing is
 * kept. */
void banner_show(const struct banner *banner, bool for_people);

#endif
