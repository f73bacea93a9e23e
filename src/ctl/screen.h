/* SPDX-License-Identifier: MIT */
/* The terminal while something lives on it: an own page, keys without Return, and everything as before
 * afterwards. */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include <stdbool.h>
#include <termios.h>

struct screen {
    bool open;
    bool keys; /* stdin is a terminal too */
    struct termios before;
};

void screen_open(struct screen *screen);
void screen_close(struct screen *screen); /* twice is fine */
void screen_size(int *width, int *height);
/* Before a page is written, and after: what stood there goes without flicker. */
void screen_begin(void);
void screen_end(void);

#define SCREEN_EOL "\033[K\n" /* ends each line of a page */

#endif
