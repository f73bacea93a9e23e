/* SPDX-License-Identifier: MIT */
#include "support/process.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define SPARE_FD 100 /* above those that the child puts in place */

/* ---- start and end ---- */

/* In the child: the standard descriptors become what the test wants. */
static void place_descriptors(const int wanted[3])
{
    int from[3];
    for (int i = 0; i < 3; i++) {
        from[i] = wanted[i] > 0 ? fcntl(wanted[i], F_DUPFD, SPARE_FD) : wanted[i];
    }
    for (int i = 0; i < 3; i++) {
        if (wanted[i] == PROCESS_CLOSED) {
            close(i);
        } else if (dup2(from[i], i) < 0) {
            _exit(126);
        }
    }
    close_range(3, ~0U, 0);
}

static void run_child(const struct process_options *o, int out, int err)
{
    if (o->env) {
        putenv((char *)o->env);
    }
    if (o->no_override) {
        prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE); /* only root has it, and may drop it */
    }
    signal(SIGHUP, o->no_hangup ? SIG_IGN : SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves nothing behind */
    int in = o->in ? o->in : open("/dev/null", O_RDONLY);
    place_descriptors((const int[3]){in, out, err});
    if (o->folder && chdir(o->folder) < 0) {
        _exit(126);
    }
    if (o->max_files > 0) {
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){o->max_files, o->max_files});
    }
    execvp(o->argv[0], (char *const *)o->argv);
    _exit(127);
}

/* Makes the pipe, or terminal, if the output is to be gathered; returns the child's descriptor. */
static int open_output(struct process_output *output, int wanted, bool terminal)
{
    int ends[2];
    *output = (struct process_output){.fd = -1, .text = calloc(1, 1)};
    if (wanted != 0) {
        return wanted;
    }
    assert_int_equal(terminal ? openpty(&ends[0], &ends[1], NULL, NULL, NULL) : pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    output->fd = ends[0];
    return ends[1];
}

void process_start(struct process *p, const struct process_options *options)
{
    int out = open_output(&p->out, options->out, false);
    int err = open_output(&p->err, options->err, options->terminal);
    p->pid = fork();
    if (p->pid == 0) {
        run_child(options, out, err);
    }
    assert_true(p->pid > 0);
    p->fd = pidfd_open(p->pid, 0);
    assert_true(p->fd >= 0);
    if (options->out == 0) {
        close(out);
    }
    if (options->err == 0) {
        close(err);
    }
}

static void reap(struct process *p)
{
    int status;
    waitpid(p->pid, &status, 0);
    p->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    close(p->fd);
    p->fd = -1;
}

static void close_output(struct process_output *output)
{
    if (output->fd >= 0) {
        close(output->fd);
    }
    free(output->text);
}

void process_done(struct process *p)
{
    if (p->pid == 0) {
        return;
    }
    if (p->fd >= 0) {
        process_signal(p, SIGKILL);
        reap(p);
    }
    close_output(&p->out);
    close_output(&p->err);
    *p = (struct process){0};
}

void process_signal(const struct process *p, int number)
{
    assert_true(p->fd >= 0);
    assert_int_equal(kill(p->pid, number), 0);
}

/* ---- waiting ---- */

static void gather(struct process_output *output)
{
    char data[4096];
    ssize_t n;
    while (output->fd >= 0 && (n = read(output->fd, data, sizeof(data))) >= 0) {
        if (n == 0) {
            close(output->fd);
            output->fd = -1;
            return;
        }
        output->text = realloc(output->text, output->len + (size_t)n + 1);
        memcpy(output->text + output->len, data, (size_t)n);
        output->len += (size_t)n;
        output->text[output->len] = '\0';
    }
}

int64_t process_deadline_ns(int limit_ms)
{
    return clock_now_ns(clock_real()) + limit_ms * NS_PER_MS;
}

bool process_turn(struct process *p, int other_fd, int64_t until_ns)
{
    struct pollfd fds[] = {
        {p->fd, POLLIN, 0}, {p->out.fd, POLLIN, 0}, {p->err.fd, POLLIN, 0}, {other_fd, POLLIN, 0}};
    int64_t left_ns = until_ns - clock_now_ns(clock_real());
    if (left_ns <= 0) {
        fail_msg("it does not get on; it said:\n%s%s", p->out.text, p->err.text);
    }
    poll(fds, sizeof(fds) / sizeof(fds[0]), (int)(left_ns / NS_PER_MS) + 1);
    gather(&p->out);
    gather(&p->err);
    if (fds[0].revents) {
        reap(p);
    }
    return p->fd >= 0;
}

int process_wait(struct process *p, int limit_ms)
{
    int64_t until_ns = process_deadline_ns(limit_ms);
    while (p->fd >= 0 && process_turn(p, -1, until_ns)) {
    }
    return p->status;
}

int process_run(struct process *p, const struct process_options *options)
{
    process_start(p, options);
    return process_wait(p, PROCESS_PATIENCE_MS);
}

void process_expect(struct process *p, const char *text)
{
    int64_t until_ns = process_deadline_ns(PROCESS_PATIENCE_MS);
    while (!strstr(p->err.text, text) && process_turn(p, -1, until_ns)) {
    }
    process_assert_says(&p->err, text);
}

/* ---- what it said and what it costs ---- */

unsigned process_count(const struct process_output *output, const char *text)
{
    unsigned n = 0;
    for (const char *at = output->text; (at = strstr(at, text)); at += strlen(text)) {
        n++;
    }
    return n;
}

void process_assert_says(const struct process_output *output, const char *text)
{
    if (!strstr(output->text, text)) {
        fail_msg("\"%s\" is not in:\n%s", text, output->text);
    }
}

unsigned process_open_files(const struct process *p)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)p->pid);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        n += entry->d_name[0] != '.';
    }
    closedir(folder);
    return n;
}

unsigned process_resident_kb(const struct process *p)
{
    char path[64];
    unsigned long size, resident;
    snprintf(path, sizeof(path), "/proc/%d/statm", (int)p->pid);
    FILE *from = fopen(path, "re");
    assert_non_null(from);
    assert_int_equal(fscanf(from, "%lu %lu", &size, &resident), 2);
    fclose(from);
    return (unsigned)(resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

int64_t process_cpu_ns(const struct process *p)
{
    clockid_t clock;
    struct timespec used;
    assert_int_equal(clock_getcpuclockid(p->pid, &clock), 0);
    assert_int_equal(clock_gettime(clock, &used), 0);
    return used.tv_sec * NS_PER_S + used.tv_nsec;
}
