/* SPDX-License-Identifier: MIT */
#include "ctl/csv.h"

#include <string.h>

void csv_put(const char *text, FILE *to)
{
    if (!text[strcspn(text, "\",\r\n")]) {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (; *text; text++) {
        fprintf(to, *text == '"' ? "\"\"" : "%c", *text);
    }
    fputc('"', to);
}
