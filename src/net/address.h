/* SPDX-License-Identifier: MIT */
/* Socket addresses as text: "127.0.0.1:50051", "[::1]:0", "localhost:50051", "unix:/run/x.sock". */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/status.h"

struct address {
    struct sockaddr_storage sa; /* holds a sockaddr_un too */
    socklen_t len;
};

#define ADDRESS_TEXT_MAX 128

/* Reads `text`; a name is looked up (which blocks). 0, or -UGRPC_INVALID_ARGUMENT. */
int address_parse(struct address *a, const char *text, struct ugrpc_status *st);

/* "127.0.0.1:41822", "[::1]:4711", "unix:/path", "unix:" for a peer without a name. */
void address_format(const struct address *a, char text[ADDRESS_TEXT_MAX]);

bool address_is_unix(const struct address *a);

/* A bound and listening, non-blocking socket; `a` becomes the address as bound. Negative: the code, in `st`
 * too: -UGRPC_ALREADY_EXISTS when it is in use. A unix socket's file that nobody listens to is replaced. */
int address_listen(struct address *a, bool reuse_port, struct ugrpc_status *st);

#endif
