/* SPDX-License-Identifier: MIT */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include <jansson.h>
#include <stdio.h>

/* Prints a whole document on stdout; takes it. Returns CTL_DONE. */
int json_print(json_t *document);
/* The same in one line, of many. */
void json_print_line(json_t *document);
void json_put_line(json_t *document, FILE *to); /* flushes nothing */

#endif
