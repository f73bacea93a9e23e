/* SPDX-License-Identifier: MIT */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <stdio.h>

struct command;

/* Of a command with its examples, or, NULL, of a family ("cert"), or, NULL too, of all. */
void help_show(const struct command *command, const char *family, FILE *to);

#endif
