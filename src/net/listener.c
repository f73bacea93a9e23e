/* SPDX-License-Identifier: MIT */
#include "net/listener.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "net/address.h"
#include "net/tls.h"

#define BACKLOG 1024

struct listener {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv; /* freed with the struct, in its close callback */
    listener_fn *fn;
    void *userdata;
    struct tls *tls;
    char address[ADDRESS_TEXT_MAX];
};

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
    int fd = address_listen(&a, reuse_port, st);
    if (fd < 0) {
        free(l);
        return NULL;
    }
    int rc;
    if (address_is_unix(&a)) {
        uv_pipe_init(uv, &l->uv.pipe, 0);
        rc = uv_pipe_open(&l->uv.pipe, fd);
    } else {
        uv_tcp_init(uv, &l->uv.tcp);
        rc = uv_tcp_open(&l->uv.tcp, fd);
    }
    l->uv.handle.data = l;
    l->tls = tls ? tls_ref(tls) : NULL;
    if (rc != 0) {
        close(fd);
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "cannot listen on %s: %s", address, uv_strerror(rc));
        listener_free(l);
        return NULL;
    }
    address_format(&a, l->address);
    return l;
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *l = stream->data;
    if (status == 0) {
        l->fn(l, stream, NULL, l->userdata);
        return;
    }
    struct ugrpc_status why;
    status_set(&why, UGRPC_RESOURCE_EXHAUSTED, "cannot accept: %s", uv_strerror(status));
    l->fn(l, NULL, &why, l->userdata);
}

int listener_start(struct listener *l, listener_fn *fn, void *userdata, struct ugrpc_status *st)
{
    l->fn = fn;
    l->userdata = userdata;
    int rc = uv_listen(&l->uv.stream, BACKLOG, on_connection);
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
    uv_close(&l->uv.handle, on_closed);
}

const char *listener_address(const struct listener *l)
{
    return l->address;
}

struct tls *listener_tls(const struct listener *l)
{
    return l->tls;
}
