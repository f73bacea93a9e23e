/* SPDX-License-Identifier: MIT */
/* Who called what, with which outcome: at debug for each call, at info for what was refused. */
#ifndef DAEMON_CALL_LOG_H
#define DAEMON_CALL_LOG_H

struct call_log;
struct timers;
struct ugrpc_server;

/* Listens in on every call of the server; borrows both until the server is freed. Aborts when memory runs
 * out. */
struct call_log *call_log_new(struct timers *timers, struct ugrpc_server *server);

/* From now on calls end because the gateway does: nothing to tell at info. */
void call_log_quiet(struct call_log *log);

/* After the server. NULL is fine. */
void call_log_free(struct call_log *log);

#endif
