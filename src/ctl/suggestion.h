/* SPDX-License-Identifier: MIT */
/* "Did you mean …?" Who types a part of a name means it sooner than another name that is spelt alike. */
#ifndef CTL_SUGGESTION_H
#define CTL_SUGGESTION_H

#include <stddef.h>

/* Collects the best of many candidates: `struct suggestion s = {.text = wrong}; suggestion_try(&s, name)…`.
 */
struct suggestion {
    const char *text;
    const char *best; /* NULL while none is near enough to be meant */
    size_t rank;
};

/* First those that have all words of the text, then those that have words beginning so, the shortest of them;
 * then what is misspelt least. Words are parted by "_", "-" and blanks; letters' case costs nothing. */
void suggestion_try(struct suggestion *suggestion, const char *candidate);

#endif
