/* SPDX-License-Identifier: MIT */
/* The names of states and errors, from their tables. */
#include "model/state.h"

#include <string.h>

static const char *const state_names[STATE_COUNT] = {
#define X(id, name) [STATE_##id] = (name),
    STATE_TABLE(X)
#undef X
};

static const char *const error_names[ERROR_COUNT] = {
#define X(id, name) [ERROR_##id] = (name),
    ERROR_TABLE(X)
#undef X
};

const char *state_name(enum state_code code)
{
    return state_names[code];
}

const char *error_name(enum error_code code)
{
    return error_names[code];
}

int error_from_name(const char *name)
{
    for (int i = 0; i < ERROR_COUNT; i++) {
        if (strcmp(error_names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}
