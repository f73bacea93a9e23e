/* SPDX-License-Identifier: MIT */
#include "ctl/screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

void screen_open(struct screen *screen)
{
    screen->open = true;
    screen->keys = tcgetattr(STDIN_FILENO, &screen->before) == 0;
    if (screen->keys) {
        struct termios raw = screen->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* Ctrl-C stays a signal */
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    fputs("\033[?1049h\033[?25l\033[?7l", stdout); /* the other page, no cursor, long lines end at the edge */
    fflush(stdout);
}

void screen_close(struct screen *screen)
{
    if (!screen->open) {
        return;
    }
    fputs("\033[?7h\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    if (screen->keys) {
        tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
    }
    screen->open = false;
}

void screen_size(int *width, int *height)
{
    struct winsize size = {0};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    *width = size.ws_col ? size.ws_col : 80;
    *height = size.ws_row ? size.ws_row : 24;
}

void screen_begin(void)
{
    fputs("\033[H", stdout);
}

void screen_end(void)
{
    fputs("\033[J", stdout);
    fflush(stdout);
}
