/* SPDX-License-Identifier: MIT */
/* Options that somebody does not want to write each time: in ~/.config/microgridctl.yaml ("target:
 * gw.local:50051"; a relative path is meant from the file's folder) and in the environment
 * (MICROGRID_TARGET). */
#ifndef CTL_SETTINGS_H
#define CTL_SETTINGS_H

#include "base/base.h"

struct arguments;

/* Adds those of the file, then those of the environment. `file` NULL: $MICROGRID_CONFIG, else the usual one,
 * which need not exist. 0, or CTL_USAGE, told with file and line. */
int settings_load(struct arguments *arguments, const char *file) MUST_CHECK;

#endif
