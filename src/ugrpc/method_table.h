/* SPDX-License-Identifier: MIT */
/* Path → method: a hash table that is filled before the calls come. */
#ifndef UGRPC_METHOD_TABLE_H
#define UGRPC_METHOD_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <ugrpc/service.h>

#include "base/base.h"

struct method {
    char *path; /* "/package.Service/Method" */
    size_t path_len;
    uint32_t hash;
    const struct ugrpc_method *type;
    const struct ugrpc_handler *handler;
    const void *servicer;
    void *userdata;
};

struct method_table { /* all zero = empty */
    struct method **slots;
    size_t n_slots; /* a power of two, at most half full */
    size_t n;
};

/* 0, or -1 when memory runs out. The path is copied, the rest borrowed. */
MUST_CHECK int method_table_add(struct method_table *t, const char *service, const struct method *method);
const struct method *method_table_find(const struct method_table *t, const char *path, size_t len);
void method_table_done(struct method_table *t);

#endif
