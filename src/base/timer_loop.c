/* SPDX-License-Identifier: MIT */
/* The timerfd is set in the prepare phase, just before the loop sleeps, and only when the earliest time
 * moved: a thousand timers started and stopped within one turn cost one system call at most. */
#include "base/timer_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

struct timer_loop {
    struct timers *timers; /* NULL once freed */
    uv_poll_t poll;
    uv_prepare_t prepare;
    int fd;
    int open_handles;
    int64_t set_to_ns; /* what the timerfd is set to */
};

static void on_due(uv_poll_t *poll, int status, int events)
{
    struct timer_loop *tl = poll->data;
    uint64_t expirations;
    if (read(tl->fd, &expirations, sizeof(expirations)) == sizeof(expirations)) {
        tl->set_to_ns = INT64_MAX;
        timers_run(tl->timers);
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct timer_loop *tl = prepare->data;
    int64_t next_ns = timers_next_ns(tl->timers);
    if (next_ns == tl->set_to_ns) {
        return;
    }
    struct itimerspec when = {0};
    if (next_ns != INT64_MAX) {
        int64_t at_ns = next_ns > 0 ? next_ns : 1; /* an all-zero value would disarm it */
        when.it_value = (struct timespec){at_ns / NS_PER_S, at_ns % NS_PER_S};
    }
    timerfd_settime(tl->fd, TFD_TIMER_ABSTIME, &when, NULL);
    tl->set_to_ns = next_ns;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct timer_loop *tl = handle->data;
    if (--tl->open_handles == 0) {
        close(tl->fd);
        free(tl);
    }
}

struct timer_loop *timer_loop_new(struct uv_loop_s *uv, struct timers *timers, struct ugrpc_status *st)
{
    struct timer_loop *tl = calloc(1, sizeof(*tl));
    if (!tl) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    tl->fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (tl->fd < 0 || uv_poll_init(uv, &tl->poll, tl->fd) != 0) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "cannot make a timer: %s", strerror(errno));
        goto fail;
    }
    uv_prepare_init(uv, &tl->prepare);
    tl->poll.data = tl->prepare.data = tl;
    tl->open_handles = 2;
    tl->timers = timers;
    tl->set_to_ns = INT64_MAX;
    uv_poll_start(&tl->poll, UV_READABLE, on_due);
    uv_prepare_start(&tl->prepare, on_prepare);
    uv_unref((uv_handle_t *)&tl->poll); /* timers alone do not keep a loop alive */
    uv_unref((uv_handle_t *)&tl->prepare);
    return tl;
fail:
    if (tl->fd >= 0) {
        close(tl->fd);
    }
    free(tl);
    return NULL;
}

void timer_loop_free(struct timer_loop *tl)
{
    if (!tl) {
        return;
    }
    tl->timers = NULL;
    uv_close((uv_handle_t *)&tl->poll, on_handle_closed);
    uv_close((uv_handle_t *)&tl->prepare, on_handle_closed);
}
