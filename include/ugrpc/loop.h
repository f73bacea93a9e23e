/* SPDX-License-Identifier: MIT */
/* The event loop that servers and channels run on. One loop = one thread: call everything from that thread;
 * only ugrpc_loop_post(), ugrpc_loop_stop() and ugrpc_channel_interrupt() may come from elsewhere. */
#ifndef UGRPC_LOOP_H
#define UGRPC_LOOP_H

#include <ugrpc/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ugrpc_loop;
struct uv_loop_s;

/* A loop of its own; caller frees with ugrpc_loop_free(). NULL when memory or descriptors run out. */
UGRPC_API struct ugrpc_loop *ugrpc_loop_new(void);

/* Works inside the user's own libuv loop, which it borrows until ugrpc_loop_free() and one more turn of it.
 */
UGRPC_API struct ugrpc_loop *ugrpc_loop_attach(struct uv_loop_s *uv);

/* The libuv loop underneath. */
UGRPC_API struct uv_loop_s *ugrpc_loop_uv(struct ugrpc_loop *loop);

/* Runs until ugrpc_loop_stop(), or until nothing is left to wait for. */
UGRPC_API void ugrpc_loop_run(struct ugrpc_loop *loop);

/* Ends ugrpc_loop_run() after the present turn. Any thread. */
UGRPC_API void ugrpc_loop_stop(struct ugrpc_loop *loop);

/* For use inside another kind of loop (examples/epoll.c, examples/glib.c): wait for the descriptor to be
 * readable, level-triggered, at most for timeout_ms() (-1: for ever), then call turn(), after either. It does
 * not block, and runs the callbacks; not to be called from one. The descriptor is the loop's and stays the
 * same; the timeout is to be asked for before each wait, as it is 0 when something has been begun since the
 * last turn. */
UGRPC_API int ugrpc_loop_fd(struct ugrpc_loop *loop);
UGRPC_API int ugrpc_loop_timeout_ms(struct ugrpc_loop *loop);
UGRPC_API void ugrpc_loop_turn(struct ugrpc_loop *loop);

/* Runs fn(userdata) on the loop, in order of posting. Any thread. Returns 0, or -UGRPC_RESOURCE_EXHAUSTED
 * when 65,536 are waiting. */
UGRPC_API int ugrpc_loop_post(struct ugrpc_loop *loop, void (*fn)(void *userdata), void *userdata);

/* Free servers and channels first. An own loop is run until its handles are closed. NULL is fine. */
UGRPC_API void ugrpc_loop_free(struct ugrpc_loop *loop);

#ifdef __cplusplus
}
#endif
#endif
