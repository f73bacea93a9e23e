/* SPDX-License-Identifier: MIT */
#include "model/caller.h"

#include <string.h>

const char *caller_shown(const char *owner)
{
    static const char connection[] = "connection ", from[] = " from ";
    const char *peer = strncmp(owner, connection, strlen(connection)) == 0 ? strstr(owner, from) : NULL;
    return peer ? peer + strlen(from) : owner;
}
