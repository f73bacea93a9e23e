/* SPDX-License-Identifier: MIT */
/* The few macros that every file may use. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stddef.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define PLURAL(n)         ((n) == 1 ? "" : "s") /* "%d key%s" */

/* The object in which `ptr` is the member `member`. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
