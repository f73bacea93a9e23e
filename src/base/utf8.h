/* SPDX-License-Identifier: MIT */
/* UTF-8 as Unicode defines it: nothing longer than needed, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the first character of `text`, or 0 if it is none; `len` is not 0. */
size_t utf8_char_len(const char *text, size_t len);
bool utf8_valid(const char *text, size_t len);

#endif
