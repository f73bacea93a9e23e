/* SPDX-License-Identifier: MIT */
#include "support/ctl.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

#define MAX_ARGUMENTS 48

void ctl_start(struct ctl_run *run, const char *const *arguments)
{
    const char *argv[MAX_ARGUMENTS] = {"env"};
    char target[128], home[64];
    size_t n = 1;
    snprintf(
        target, sizeof(target), "MICROGRID_TARGET=%s", run->gateway->n ? run->gateway->addresses[0] : "");
    snprintf(home, sizeof(home), "XDG_CONFIG_HOME=%s", run->gateway->folder);
    argv[n++] = target;
    argv[n++] = home;
    for (size_t i = 0; i < ARRAY_LEN(run->env) && run->env[i]; i++) {
        argv[n++] = run->env[i];
    }
    argv[n] = getenv("MICROGRIDCTL");
    assert_non_null(argv[n]); /* Meson sets it */
    for (n++; *arguments; n++) {
        assert_true(n + 1 < MAX_ARGUMENTS);
        argv[n] = *arguments++;
    }
    process_done(&run->process);
    process_start(
        &run->process, &(const struct process_options){
                           .argv = argv, .folder = run->gateway->folder, .in = run->in, .out = run->out});
}

int ctl_do(struct ctl_run *run, const char *const *arguments)
{
    ctl_start(run, arguments);
    return process_wait(&run->process, PROCESS_PATIENCE_MS);
}

void ctl_expect(struct ctl_run *run, const char *const *arguments, int status, const char *text)
{
    int ended = ctl_do(run, arguments);
    if (ended != status) {
        fail_msg(
            "it ended with %d, not %d:\n%s%s", ended, status, run->process.out.text, run->process.err.text);
    }
    process_assert_says(status ? &run->process.err : &run->process.out, text);
}

void ctl_expect_done(struct ctl_run *run, const char *const *arguments, const char *text)
{
    ctl_expect(run, arguments, 0, text);
}

json_t *ctl_json(struct ctl_run *run, const char *const *arguments, int status)
{
    json_error_t error;
    assert_int_equal(ctl_do(run, arguments), status);
    json_t *document = json_loads(run->process.out.text, 0, &error);
    if (!document) {
        fail_msg("line %d: %s in:\n%s", error.line, error.text, run->process.out.text);
    }
    return document;
}

void ctl_wait_for(struct ctl_run *run, const char *text, unsigned times)
{
    int64_t until_ns = process_deadline_ns(PROCESS_PATIENCE_MS);
    while (process_count(&run->process.out, text) < times && process_turn(&run->process, -1, until_ns)) {
    }
    process_assert_says(&run->process.out, text);
    assert_true(process_count(&run->process.out, text) >= times);
}
