/* SPDX-License-Identifier: MIT */
#include "ctl/suggestion.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"

#define BETWEEN "_- "
#define LONGEST 1000 /* of the names that are told apart by their length */

static bool has_word(const char *candidate, const char *word, size_t len, bool whole)
{
    while (*candidate) {
        if (strncasecmp(candidate, word, len) == 0 && (!whole || strcspn(candidate, BETWEEN) == len)) {
            return true;
        }
        candidate += strcspn(candidate, BETWEEN);
        candidate += strspn(candidate, BETWEEN);
    }
    return false;
}

/* In any order: "power_active" is of ac_active_power. */
static bool has_words(const char *candidate, const char *text, bool whole)
{
    const char *word = text + strspn(text, BETWEEN);
    if (strlen(word) < 2) { /* a letter is of everything */
        return false;
    }
    while (*word) {
        size_t len = strcspn(word, BETWEEN);
        if (!has_word(candidate, word, len, whole)) {
            return false;
        }
        word += len;
        word += strspn(word, BETWEEN);
    }
    return true;
}

static size_t rank_of(const char *text, const char *candidate)
{
    size_t len = strlen(candidate);
    struct nearest nearest = {.text = text};
    if (len < LONGEST && has_words(candidate, text, true)) {
        return len;
    }
    if (len < LONGEST && has_words(candidate, text, false)) {
        return LONGEST + len;
    }
    nearest_try(&nearest, candidate);
    return nearest.best ? 2 * LONGEST + nearest.distance : SIZE_MAX;
}

void suggestion_try(struct suggestion *suggestion, const char *candidate)
{
    size_t rank = rank_of(suggestion->text, candidate);
    if (rank < SIZE_MAX && (!suggestion->best || rank < suggestion->rank)) {
        suggestion->best = candidate;
        suggestion->rank = rank;
    }
}
