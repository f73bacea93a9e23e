/* SPDX-License-Identifier: MIT */
/* How long a program on libuv stays away from its loop, seen from outside: preloaded, it takes what lies
 * between two waits in epoll as one turn of the loop. At the program's end the longest of the turns that
 * began 1 to 11 s after its first wait, so neither at its start nor at its end, goes to the file that
 * $TURN_PROBE names, as JSON.
 *
 *   TURN_PROBE=FILE LD_PRELOAD=turn_probe.so PROGRAM ARGUMENT...
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FROM_S 1
#define TO_S   11

static struct {
    double first_s;       /* 0: has not waited yet */
    double wall_s, cpu_s; /* when the running turn began */
    double longest_wall_s, longest_cpu_s;
    unsigned long turns;
} probe;

static double now_s(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void end_turn(void)
{
    double wall_s = now_s(CLOCK_MONOTONIC), cpu_s = now_s(CLOCK_THREAD_CPUTIME_ID);
    if (probe.first_s == 0) {
        probe.first_s = wall_s;
    } else if (probe.wall_s >= probe.first_s + FROM_S && probe.wall_s < probe.first_s + TO_S) {
        probe.longest_wall_s = fmax(probe.longest_wall_s, wall_s - probe.wall_s);
        probe.longest_cpu_s = fmax(probe.longest_cpu_s, cpu_s - probe.cpu_s);
        probe.turns++;
    }
}

static void begin_turn(void)
{
    probe.wall_s = now_s(CLOCK_MONOTONIC);
    probe.cpu_s = now_s(CLOCK_THREAD_CPUTIME_ID);
}

/* libuv calls the one or the other, by its version. */

__attribute__((visibility("default"))) int epoll_wait(
    int fd, struct epoll_event *events, int max, int timeout_ms)
{
    return epoll_pwait(fd, events, max, timeout_ms, NULL);
}

__attribute__((visibility("default"))) int epoll_pwait(
    int fd, struct epoll_event *events, int max, int timeout_ms, const sigset_t *mask)
{
    end_turn();
    int n = (int)syscall(SYS_epoll_pwait, fd, events, max, timeout_ms, mask, _NSIG / 8);
    begin_turn();
    return n;
}

__attribute__((destructor)) static void report(void)
{
    FILE *file = probe.turns && getenv("TURN_PROBE") ? fopen(getenv("TURN_PROBE"), "w") : NULL;
    if (file) {
        fprintf(file, "{\"turns\": %lu, \"longest_ms\": %.3f, \"longest_cpu_ms\": %.3f}\n", probe.turns,
            probe.longest_wall_s * 1e3, probe.longest_cpu_s * 1e3);
        fclose(file);
    }
}
