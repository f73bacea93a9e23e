/* SPDX-License-Identifier: MIT */
/* Tells ahead of time that a certificate ends, as nobody notices one before it has. */
#ifndef DAEMON_EXPIRY_H
#define DAEMON_EXPIRY_H

#include <stddef.h>

#define EXPIRY_WARN_DAYS 30

struct clock;
struct expiry;
struct timers;

/* Looks into PEM files, NULL among them or not; `tell` gets a line for each in which a certificate ends
 * within EXPIRY_WARN_DAYS or has ended. Files that cannot be read are told of elsewhere. */
typedef void expiry_tell_fn(const char *text, void *userdata);
void expiry_check(
    struct clock *clock, const char *const *files, size_t n, expiry_tell_fn *tell, void *userdata);

/* The same in the first turn of the loop and then once a day, so that a renewed one is taken note of. Borrows
 * all until expiry_free(). Aborts when memory runs out. */
struct expiry *expiry_new(
    struct timers *timers, const char *const *files, size_t n, expiry_tell_fn *tell, void *userdata);
void expiry_free(struct expiry *expiry); /* NULL is fine */

#endif
