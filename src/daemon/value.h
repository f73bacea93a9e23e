/* SPDX-License-Identifier: MIT */
/* From the text of one value to what it means. */
#ifndef DAEMON_VALUE_H
#define DAEMON_VALUE_H

#include "base/status.h"
#include "daemon/option.h"
#include "daemon/section.h"

/* Reads `text` as one value of the option (of a list: one item of it is text like any other). Borrows `text`
 * as long as the value. -UGRPC_INVALID_ARGUMENT with what is wrong and what is allowed. */
int value_parse(const struct option *option, const char *text, struct value *value, struct ugrpc_status *st);

#endif
