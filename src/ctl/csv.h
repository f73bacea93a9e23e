/* SPDX-License-Identifier: MIT */
#ifndef CTL_CSV_H
#define CTL_CSV_H

#include <stdio.h>

/* A field of CSV (RFC 4180): in quotes where it needs them. */
void csv_put(const char *text, FILE *to);

#endif
