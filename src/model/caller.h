/* SPDX-License-Identifier: MIT */
/* Who asks. Borrowed for each call; copied where it must be kept. */
#ifndef MODEL_CALLER_H
#define MODEL_CALLER_H

struct rights;

struct caller {
    const char *owner;           /* whose bounds are the same entry: "key ems", or "connection 17 from …" */
    const char *label;           /* for people: "key \"ems\" from 10.0.0.7:4711" */
    const struct rights *rights; /* not the model's affair: service/rights.h. NULL: all */
};

/* "127.0.0.1:41822", as labels have it, of the owner "connection 3 from 127.0.0.1:41822"; others as they are.
 * Borrowed from `owner`. */
const char *caller_shown(const char *owner);

#endif
