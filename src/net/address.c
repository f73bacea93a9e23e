/* SPDX-License-Identifier: MIT */
/* Sockets are made here rather than by libuv, because a port in use must be told at once, and SO_REUSEPORT
 * set before binding. */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 1024

static struct sockaddr_un *as_unix(struct address *a)
{
    return (struct sockaddr_un *)&a->sa;
}

static int parse_unix(struct address *a, const char *path, struct ugrpc_status *st)
{
    struct sockaddr_un *un = as_unix(a);
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(un->sun_path)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "address \"unix:%s\": a path of 1 to %zu characters is needed", path, sizeof(un->sun_path) - 1);
    }
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, len + 1);
    a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    return 0;
}

int address_parse(struct address *a, const char *text, struct ugrpc_status *st)
{
    *a = (struct address){0};
    if (strncmp(text, "unix:", 5) == 0) {
        return parse_unix(a, text + 5, st);
    }
    char host[256];
    const char *colon = strrchr(text, ':');
    const char *end = NULL;
    long port = colon ? strtol(colon + 1, (char **)&end, 10) : -1;
    size_t host_len = colon ? (size_t)(colon - text) : 0;
    bool bracketed = host_len >= 2 && text[0] == '[' && text[host_len - 1] == ']';
    if (!colon || end == colon + 1 || *end || port < 0 || port > 65535 || host_len == 0 ||
        host_len >= sizeof(host) || (!bracketed && memchr(text, ':', host_len))) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "address \"%s\": write HOST:PORT, [IPV6]:PORT or unix:PATH, with a port of 0 to 65535", text);
    }
    memcpy(host, text + bracketed, host_len - 2 * bracketed);
    host[host_len - 2 * bracketed] = '\0';

    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    int rc = getaddrinfo(host, colon + 1, &hints, &found);
    if (rc != 0) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "address \"%s\": %s", text, gai_strerror(rc));
    }
    memcpy(&a->sa, found->ai_addr, found->ai_addrlen);
    a->len = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

void address_format(const struct address *a, char text[ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN];
    if (a->sa.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&a->sa;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host, ntohs(in->sin_port));
    } else if (a->sa.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a->sa;
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) { /* an IPv4 peer of a listener on [::] */
            inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, sizeof(host));
            snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host, ntohs(in6->sin6_port));
            return;
        }
        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", host, ntohs(in6->sin6_port));
    } else {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&a->sa;
        bool named = a->len > offsetof(struct sockaddr_un, sun_path);
        snprintf(text, ADDRESS_TEXT_MAX, "unix:%.108s", named ? un->sun_path : "");
    }
}

bool address_is_unix(const struct address *a)
{
    return a->sa.ss_family == AF_UNIX;
}

/* A socket file outlives its process; it is free when nobody answers on it. */
static void remove_stale_socket(struct address *a)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    if (connect(fd, (struct sockaddr *)&a->sa, a->len) != 0 && errno == ECONNREFUSED) {
        unlink(as_unix(a)->sun_path);
    }
    close(fd);
}

int address_listen(struct address *a, bool reuse_port, struct ugrpc_status *st)
{
    char text[ADDRESS_TEXT_MAX];
    address_format(a, text);
    int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "cannot listen on %s: %s", text, strerror(errno));
    }
    int on = 1, off = 0;
    if (address_is_unix(a)) {
        remove_stale_socket(a);
    } else {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (a->sa.ss_family == AF_INET6) {
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)); /* [::] means every address */
        }
        if (reuse_port) {
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
        }
    }
    if (bind(fd, (struct sockaddr *)&a->sa, a->len) != 0 || listen(fd, BACKLOG) != 0) {
        int err = errno;
        close(fd);
        return status_set(st, err == EADDRINUSE ? UGRPC_ALREADY_EXISTS : UGRPC_FAILED_PRECONDITION,
            "cannot listen on %s: %s", text, strerror(err));
    }
    if (!address_is_unix(a)) {
        a->len = sizeof(a->sa);
        getsockname(fd, (struct sockaddr *)&a->sa, &a->len);
    }
    return fd;
}
