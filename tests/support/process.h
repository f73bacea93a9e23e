/* SPDX-License-Identifier: MIT */
/* Another program under test: started with the descriptors, environment and limits that the test wants, its
 * output gathered, its end awaited. Every wait has a deadline, at which the test fails and shows what the
 * program said. */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define PROCESS_PATIENCE_MS 10000 /* with sanitizers, on a busy machine */

#define PROCESS_CLOSED      (-1)

struct process_options {
    const char *const *argv; /* NULL at its end; argv[0] is looked up as by a shell */
    const char *folder;      /* where it runs; NULL: where the test does */
    int in, out, err;        /* a descriptor of the test's, or PROCESS_CLOSED; 0: no input, output gathered */
    const char *env;         /* "NAME=value", besides what the test has; or NULL */
    rlim_t max_files;        /* soft and hard limit; 0: as the test has */
    bool no_override;        /* even root may write only where the mode allows it */
    bool no_hangup;          /* ignores SIGHUP, as under nohup */
    bool terminal;           /* its stderr is one, and gathered */
};

struct process_output {
    int fd;     /* -1: has ended, or is not gathered */
    char *text; /* so far; "" if there is none */
    size_t len;
};

struct process {
    pid_t pid; /* 0: never started */
    int fd;    /* readable when the program ends; -1 once it has */
    struct process_output out, err;
    int status; /* see process_wait() */
};

void process_start(struct process *p, const struct process_options *options);

/* Kills it if it still runs. A zeroed one is fine. */
void process_done(struct process *p);

void process_signal(const struct process *p, int number);

/* Gathers output until the program has ended; returns its exit status, or the negated signal. */
int process_wait(struct process *p, int limit_ms);

/* Starts, waits, and leaves the rest to process_done(). */
int process_run(struct process *p, const struct process_options *options);

/* Waits for output and gathers it, or until `other_fd` (-1: none) is readable. False: the program has ended.
 * Fails the test at `until_ns`, which process_deadline_ns() gives. */
bool process_turn(struct process *p, int other_fd, int64_t until_ns);
int64_t process_deadline_ns(int limit_ms);

/* Waits until the program's stderr holds `text`. */
void process_expect(struct process *p, const char *text);

/* How often `text` stands in what was gathered so far. */
unsigned process_count(const struct process_output *output, const char *text);

/* Fails, and shows the output, unless it holds `text`. */
void process_assert_says(const struct process_output *output, const char *text);

unsigned process_open_files(const struct process *p);
unsigned process_resident_kb(const struct process *p);
int64_t process_cpu_ns(const struct process *p); /* so far */

#endif
