/* SPDX-License-Identifier: MIT */
/* The handles outlive signals_free() until libuv has closed them, as one allocation that is freed with the
 * last. */
#include "daemon/signals.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "base/base.h"

static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

struct signals {
    uv_signal_t handles[ARRAY_LEN(numbers)];
    int open;
    void (*on_signal)(int number, void *userdata); /* NULL: forgotten */
    void *userdata;
};

static void on_uv_signal(uv_signal_t *handle, int number)
{
    struct signals *signals = handle->data;
    if (signals->on_signal) {
        signals->on_signal(number, signals->userdata);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct signals *signals = handle->data;
    if (--signals->open == 0) {
        free(signals);
    }
}

struct signals *signals_new(
    struct uv_loop_s *uv, void (*on_signal)(int number, void *userdata), void *userdata)
{
    struct signals *signals = calloc(1, sizeof(*signals));
    if (!signals) {
        abort();
    }
    struct sigaction before;
    bool nohup = sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
    signals->on_signal = on_signal;
    signals->userdata = userdata;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        uv_signal_t *handle = &signals->handles[i];
        if (uv_signal_init(uv, handle) < 0) {
            abort();
        }
        handle->data = signals;
        signals->open++;
        bool wanted = numbers[i] != SIGHUP || !nohup;
        if (wanted && uv_signal_start(handle, on_uv_signal, numbers[i]) < 0) {
            abort();
        }
    }
    return signals;
}

void signals_free(struct signals *signals)
{
    if (!signals) {
        return;
    }
    signals->on_signal = NULL;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        uv_close((uv_handle_t *)&signals->handles[i], on_closed);
    }
}
