/* SPDX-License-Identifier: MIT */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <stdbool.h>
#include <stdio.h>

struct command;

/* Whether there is a page of that name that is no command's: "metrics", "categories". */
bool help_is_topic(const char *word);
/* Of a command with its examples, or, NULL, of a family ("cert") or a topic, or, NULL too, of all. */
void help_show(const struct command *command, const char *family, FILE *to);

#endif
