/* SPDX-License-Identifier: MIT */
/* Who called what, with which outcome: at debug for each call, at info for what was refused. */
#ifndef DAEMON_CALL_LOG_H
#define DAEMON_CALL_LOG_H

#include "model/site.h"

struct call_log;
struct ugrpc_server;

/* Listens in on every call of the server; borrows both until the server is freed. Aborts when memory runs
 * out. */
struct call_log *call_log_new(struct site *site, struct ugrpc_server *server);

/* From now on calls end because the gateway does: nothing to tell at info. */
void call_log_quiet(struct call_log *log);

/* After the server. NULL is fine. */
void call_log_free(struct call_log *log);

/* The component that a refusal's message is about, by the first "(ID)" in it that the site has; NULL if none.
 */
const struct component *call_log_subject(const struct site *site, const char *message);

#endif
