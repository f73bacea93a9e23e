/* SPDX-License-Identifier: MIT */
/* The commands in one table: dispatch, help and completion read it. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/option.h"

struct ctl;

#define MAX_OPERANDS 64

struct command {
    const char *name;     /* one word or two: "bounds add" */
    const char *operands; /* as help shows them */
    const char *summary;
    const char *details;         /* lines, or NULL */
    const char *examples;        /* lines, without the program's name */
    unsigned min, max;           /* operands */
    enum proposal proposals[2];  /* for the first operand, and for all that follow */
    uint64_t options;            /* besides those of every command */
    int (*run)(struct ctl *ctl); /* an exit status; has told what was wrong */
};

extern const struct command command_table[];
extern const size_t n_commands;

/* Whether "cert init" is of "cert". */
bool command_is_of(const struct command *command, const char *family);

/* One file a command, or a family of them. */
int command_info(struct ctl *ctl);
int command_list(struct ctl *ctl);
int command_tree(struct ctl *ctl);
int command_connections(struct ctl *ctl);
int command_sensors(struct ctl *ctl);
int command_health(struct ctl *ctl);
int command_set_power(struct ctl *ctl);
int command_set_reactive(struct ctl *ctl);
int command_charge(struct ctl *ctl);
int command_discharge(struct ctl *ctl);
int command_curtail(struct ctl *ctl);
int command_bounds_add(struct ctl *ctl);
int command_start(struct ctl *ctl);
int command_standby(struct ctl *ctl);
int command_stop(struct ctl *ctl);
int command_ack(struct ctl *ctl);
int command_watch(struct ctl *ctl);
int command_record(struct ctl *ctl);
int command_journal(struct ctl *ctl);
int command_holders(struct ctl *ctl);
int command_cert_init(struct ctl *ctl);
int command_cert_check(struct ctl *ctl);
int command_key_new(struct ctl *ctl);
int command_completion(struct ctl *ctl);

#endif
