/* SPDX-License-Identifier: MIT */
#include "ctl/json.h"

#include "ctl/ctl.h"

int json_print(json_t *document)
{
    json_dumpf(must(document), stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(document);
    return CTL_DONE;
}

void json_print_line(json_t *document)
{
    json_put_line(document, stdout);
    fflush(stdout);
}

void json_put_line(json_t *document, FILE *to)
{
    json_dumpf(must(document), to, JSON_COMPACT | JSON_REAL_PRECISION(9));
    fputc('\n', to);
    json_decref(document);
}
