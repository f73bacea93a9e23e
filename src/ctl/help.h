/* SPDX-License-Identifier: MIT */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <stdio.h>

struct command;

/* Of a command with its examples, or, NULL, of all. */
void help_show(const struct command *command, FILE *to);

#endif
