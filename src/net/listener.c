/* SPDX-License-Identifier: MIT */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "net/address.h"
#include "net/tls.h"

#define ACCEPTS_A_TURN 64

struct listener {
    uv_poll_t poll; /* freed with the struct, in its close callback */
    int fd;
    int reserve; /* given up for a moment to close what there is no descriptor for; -1: none */
    listener_fn *fn;
    void *userdata;
    struct tls *tls;
    char address[ADDRESS_TEXT_MAX];
};

static int open_reserve(void)
{
    return open("/", O_RDONLY | O_CLOEXEC);
}

struct listener *listener_new(
    struct uv_loop_s *uv, const char *address, struct tls *tls, bool reuse_port, struct ugrpc_status *st)
{
    struct address a;
    if (address_parse(&a, address, st) != 0) {
        return NULL;
    }
    struct listener *l = calloc(1, sizeof(*l));
    if (!l) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    l->fd = address_listen(&a, reuse_port, st);
    if (l->fd < 0) {
        free(l);
        return NULL;
    }
    int rc = uv_poll_init(uv, &l->poll, l->fd);
    if (rc != 0) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "cannot listen on %s: %s", address, uv_strerror(rc));
        close(l->fd);
        free(l);
        return NULL;
    }
    l->poll.data = l;
    l->reserve = open_reserve();
    l->tls = tls ? tls_ref(tls) : NULL;
    address_format(&a, l->address);
    return l;
}

static int accept_next(struct listener *l, struct address *from)
{
    *from = (struct address){.len = sizeof(from->sa)};
    return accept4(l->fd, (struct sockaddr *)&from->sa, &from->len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* The next in the queue is closed: nothing else can be done with it, and it would wait there for ever. False
 * when not even that can be done now. */
static bool refuse_next(struct listener *l)
{
    struct address from;
    struct ugrpc_status why;
    if (l->reserve >= 0) {
        close(l->reserve);
    }
    int fd = accept_next(l, &from);
    if (fd >= 0) {
        close(fd);
    }
    l->reserve = open_reserve();
    status_set(&why, UGRPC_RESOURCE_EXHAUSTED, "no file descriptor is left for another one");
    l->fn(l, -1, NULL, &why, l->userdata);
    return fd >= 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct listener *l = poll->data;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct address from;
        int fd = accept_next(l, &from);
        if (fd >= 0) {
            l->fn(l, fd, &from, NULL, l->userdata);
        } else if (errno == EMFILE || errno == ENFILE ? !refuse_next(l)
                                                      : errno != EINTR && errno != ECONNABORTED) {
            return; /* no more, or to be tried in the next turn */
        }
    }
}

int listener_start(struct listener *l, listener_fn *fn, void *userdata, struct ugrpc_status *st)
{
    l->fn = fn;
    l->userdata = userdata;
    int rc = uv_poll_start(&l->poll, UV_READABLE, on_poll);
    if (rc != 0) {
        return status_set(
            st, UGRPC_RESOURCE_EXHAUSTED, "cannot accept on %s: %s", l->address, uv_strerror(rc));
    }
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct listener *l = handle->data;
    tls_unref(l->tls);
    free(l);
}

void listener_free(struct listener *l)
{
    if (!l) {
        return;
    }
    if (strncmp(l->address, "unix:", 5) == 0) {
        unlink(l->address + 5);
    }
    uv_close((uv_handle_t *)&l->poll, on_closed);
    close(l->fd);
    if (l->reserve >= 0) {
        close(l->reserve);
    }
}

const char *listener_address(const struct listener *l)
{
    return l->address;
}

struct tls *listener_tls(const struct listener *l)
{
    return l->tls;
}
