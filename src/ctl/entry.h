/* SPDX-License-Identifier: MIT */
/* An entry of the gateway's journal, as a line for people, of JSON or of CSV. */
#ifndef CTL_ENTRY_H
#define CTL_ENTRY_H

#include <jansson.h>
#include <stdio.h>

#include "ctl/directory.h"
#include "microgrid/admin/v1/admin.ugrpc.h"

typedef microgrid_admin_v1_journal_entry entry_message;

/* Its strings, in place: nothing but text reaches a terminal. */
void entry_clean(entry_message *entry);

/* "2026-01-01 12:06:03  bat_inv_1 (4): charging, +5000 W for 2 min: done   by 127.0.0.1:41822" */
void entry_print(const entry_message *entry, const struct directory *directory, FILE *to);
json_t *entry_to_json(const entry_message *entry);
void entry_put_csv_heading(FILE *to);
void entry_put_csv(const entry_message *entry, FILE *to);

#endif
