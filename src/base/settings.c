/* SPDX-License-Identifier: MIT */
/* A handful of values a component: a linear search is the fastest there is. */
#include "base/settings.h"

#include <string.h>

static const struct setting *find(const struct settings *settings, const char *name)
{
    for (size_t i = 0; settings && i < settings->n; i++) {
        if (strcmp(settings->items[i].name, name) == 0) {
            return &settings->items[i];
        }
    }
    return NULL;
}

double settings_number(const struct settings *settings, const char *name, double otherwise)
{
    const struct setting *setting = find(settings, name);
    return setting && !setting->text ? setting->number : otherwise;
}

const char *settings_text(const struct settings *settings, const char *name, const char *otherwise)
{
    const struct setting *setting = find(settings, name);
    return setting && setting->text ? setting->text : otherwise;
}

bool settings_flag(const struct settings *settings, const char *name, bool otherwise)
{
    const struct setting *setting = find(settings, name);
    return setting && !setting->text ? setting->number != 0 : otherwise;
}
