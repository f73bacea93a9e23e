/* SPDX-License-Identifier: MIT */
#include "ugrpc/target.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"

#define MAX_ADDRESSES 64
#define NAME_CHARS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%"

void target_done(struct target *target)
{
    free(target->text);
    free(target->shown);
    free(target->addresses);
    *target = (struct target){0};
}

static int malformed(const struct target *target, const char *why, struct ugrpc_status *st)
{
    return status_set(st, UGRPC_INVALID_ARGUMENT,
        "target \"%.200s\": %s; write HOST:PORT, dns:///HOST:PORT, ipv4:ADDRESS:PORT, ipv6:[ADDRESS]:PORT or "
        "unix:PATH",
        target->text, why);
}

static bool is_port(const char *text)
{
    size_t len = strspn(text, "0123456789");
    return len > 0 && len <= 5 && !text[len] && atoi(text) > 0 && atoi(text) <= 65535;
}

/* Also with a zone: "fe80::1%eth0". */
static bool is_ipv6(const char *host)
{
    char address[INET6_ADDRSTRLEN + 1];
    struct in6_addr any;
    snprintf(address, sizeof(address), "%.*s", (int)strcspn(host, "%"), host);
    return inet_pton(AF_INET6, address, &any) == 1;
}

/* Parts "host:port", "[::1]:port" or either without a port, into host and port. */
static int split(
    struct target *target, const char *text, size_t len, const char *default_port, struct ugrpc_status *st)
{
    const char *host = text, *end = text + len, *port = NULL;
    if (len && *text == '[') {
        const char *bracket = memchr(text, ']', len);
        if (!bracket) {
            return malformed(target, "the bracket is not closed", st);
        }
        host = text + 1;
        port = bracket + 1 < end ? bracket + 1 : NULL;
        end = bracket;
        if (port && *port++ != ':') {
            return malformed(target, "a colon must follow the bracket", st);
        }
    } else {
        const char *colon = memchr(text, ':', len);
        if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1))) {
            colon = NULL; /* ::1, an IPv6 address without brackets and so without a port */
        }
        port = colon ? colon + 1 : NULL;
        end = colon ? colon : end;
    }
    size_t host_len = (size_t)(end - host), port_len = port ? (size_t)(text + len - port) : 0;
    if (host_len == 0 || host_len >= sizeof(target->host)) {
        return malformed(target, host_len ? "the host is too long" : "it names no host", st);
    }
    memcpy(target->host, host, host_len);
    target->host[host_len] = '\0';
    snprintf(
        target->port, sizeof(target->port), "%.*s", port ? (int)port_len : 5, port ? port : default_port);
    target->portless = !port;
    if (strspn(target->host, NAME_CHARS) != host_len) {
        return malformed(target, "the host has a character that no name has", st);
    }
    if (strchr(target->host, ':') && !is_ipv6(target->host)) {
        return malformed(target, "the host is no IPv6 address", st);
    }
    if (port_len >= sizeof(target->port) || !is_port(target->port)) {
        return malformed(target, "the port must be 1 to 65535", st);
    }
    return 0;
}

static void set_authority(struct target *target)
{
    bool brackets = strchr(target->host, ':');
    snprintf(target->authority, sizeof(target->authority), "%s%s%s:%s", brackets ? "[" : "", target->host,
        brackets ? "]" : "", target->port);
}

static int add_address(struct target *target, const struct address *address, struct ugrpc_status *st)
{
    struct address *addresses = realloc(target->addresses, (target->n_addresses + 1) * sizeof(*addresses));
    if (!addresses) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    target->addresses = addresses;
    addresses[target->n_addresses++] = *address;
    return 0;
}

/* Host and port as an address if they are one; false if the host is a name. */
static bool is_literal(const struct target *target, int family, struct address *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(target->port))};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = in.sin_port};
    *address = (struct address){0};
    if (family != AF_INET6 && inet_pton(AF_INET, target->host, &in.sin_addr) == 1) {
        memcpy(&address->sa, &in, sizeof(in));
        address->len = sizeof(in);
        return true;
    }
    if (family != AF_INET && inet_pton(AF_INET6, target->host, &in6.sin6_addr) == 1) {
        memcpy(&address->sa, &in6, sizeof(in6));
        address->len = sizeof(in6);
        return true;
    }
    return false;
}

static int parse_name(
    struct target *target, const char *text, const char *default_port, struct ugrpc_status *st)
{
    struct address literal;
    int rc = split(target, text, strlen(text), default_port, st);
    if (rc) {
        return rc;
    }
    set_authority(target);
    return is_literal(target, AF_UNSPEC, &literal) ? add_address(target, &literal, st) : 0;
}

static int parse_dns(
    struct target *target, const char *text, const char *default_port, struct ugrpc_status *st)
{
    if (strncmp(text, "//", 2) == 0) {
        if (text[2] != '/') {
            return malformed(target, "a name server of its own is not supported", st);
        }
        text += 3;
    }
    return parse_name(target, text, default_port, st);
}

static int parse_addresses(
    struct target *target, const char *text, int family, const char *default_port, struct ugrpc_status *st)
{
    while (true) {
        struct address literal;
        size_t len = strcspn(text, ",");
        int rc = split(target, text, len, default_port, st);
        if (rc) {
            return rc;
        }
        if (!is_literal(target, family, &literal)) {
            return malformed(target,
                family == AF_INET ? "there is something that is no IPv4 address"
                                  : "there is something that is no IPv6 address",
                st);
        }
        if (target->n_addresses == MAX_ADDRESSES) {
            return malformed(target, "it has too many addresses", st);
        }
        rc = add_address(target, &literal, st);
        if (rc) {
            return rc;
        }
        if (!text[len]) {
            break;
        }
        text += len + 1;
    }
    set_authority(target);
    return 0;
}

static int parse_unix(struct target *target, const char *text, struct ugrpc_status *st)
{
    char address_text[sizeof(((struct sockaddr_un *)NULL)->sun_path) + sizeof("unix:")];
    const char *path = strncmp(text, "//", 2) == 0 ? text + 2 : text;
    if (path != text && *path != '/') {
        return malformed(target, "after unix:// the path must begin with a slash", st);
    }
    struct address address;
    if ((size_t)snprintf(address_text, sizeof(address_text), "unix:%s", path) >= sizeof(address_text)) {
        return malformed(target, "the path is too long for a socket", st);
    }
    snprintf(target->authority, sizeof(target->authority), "localhost");
    int rc = address_parse(&address, address_text, st);
    return rc ? rc : add_address(target, &address, st);
}

static int parse(struct target *target, const char *text, const char *default_port, struct ugrpc_status *st)
{
    if (strncmp(text, "dns:", 4) == 0) {
        return parse_dns(target, text + 4, default_port, st);
    }
    if (strncmp(text, "ipv4:", 5) == 0) {
        return parse_addresses(target, text + 5, AF_INET, default_port, st);
    }
    if (strncmp(text, "ipv6:", 5) == 0) {
        return parse_addresses(target, text + 5, AF_INET6, default_port, st);
    }
    if (strncmp(text, "unix:", 5) == 0) {
        return parse_unix(target, text + 5, st);
    }
    if (strstr(text, "://")) {
        return malformed(target, "this kind of target is not known", st);
    }
    return parse_name(target, text, default_port, st);
}

int target_parse(struct target *target, const char *text, const char *default_port, struct ugrpc_status *st)
{
    *target = (struct target){.text = strdup(text)};
    if (!target->text) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    int rc = parse(target, text, default_port, st);
    if (rc == 0 && asprintf(&target->shown, "%s%s%s%s", text, target->portless ? " (port " : "",
                       target->portless ? default_port : "", target->portless ? ")" : "") < 0) {
        target->shown = NULL;
        rc = status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    return rc;
}
