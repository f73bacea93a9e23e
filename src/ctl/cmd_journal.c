/* SPDX-License-Identifier: MIT */
/* journal: what was commanded and what became of it, as the gateway has kept it. The number of the last entry
 * is all that it takes to go on after a gateway that went away has come back. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/entry.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/table.h"

struct journal {
    struct ctl *ctl;
    struct directory directory;
    microgrid_admin_v1_receive_journal_request request;
    ugrpc_protobuf_timestamp since;
    uint64_t *component_ids;
    bool csv;
    bool seen; /* an entry came: from now on, a gateway that is gone is waited for */
    bool away;
};

/* ---- what is asked for ---- */

static int parse_since(struct journal *journal)
{
    const char *text = arguments_value(&journal->ctl->arguments, OPTION_SINCE);
    struct ugrpc_status st;
    if (text && moment_parse(text, &journal->since, &st) < 0) {
        return report_usage("--since \"%s\": %s", text, st.message);
    }
    journal->request.since = text ? &journal->since : NULL;
    return 0;
}

static int find_components(struct journal *journal)
{
    const struct arguments *arguments = &journal->ctl->arguments;
    const char *operand;
    size_t at = 0;
    int rc = 0;
    journal->component_ids = must(calloc(arguments->n_given + 1, sizeof(*journal->component_ids)));
    journal->request.component_ids = journal->component_ids;
    while (rc == 0 && (operand = arguments_next(arguments, OPTION_COMPONENT, &at))) {
        uint64_t *id = &journal->component_ids[journal->request.n_component_ids];
        rc = directory_component_id(&journal->directory, operand, id);
        journal->request.n_component_ids += rc == 0;
    }
    return rc;
}

/* ---- what comes ---- */

static int show(struct journal *journal, const entry_message *entry)
{
    if (journal->csv) {
        entry_put_csv(entry, stdout);
    } else if (journal->ctl->json) {
        json_print_line(entry_to_json(entry));
    } else {
        entry_print(entry, &journal->directory, stdout);
    }
    if (journal->request.follow) {
        fflush(stdout);
    }
    return ferror(stdout) ? report_failed("cannot write: %s", strerror(errno)) : 0;
}

static void tell_away(struct journal *journal, const struct ugrpc_status *why)
{
    if (journal->away != (why != NULL)) {
        fprintf(stderr, "%s%s\n", why ? "waiting for the gateway: " : "the gateway is back",
            why ? why->message : "");
    }
    journal->away = why != NULL;
}

/* One stream, to its end: 0, an exit status, told, or a negative code in `st`. */
static int receive(struct journal *journal, struct ugrpc_status *st)
{
    const struct ugrpc_call_options options = {
        .wait_for_ready = journal->seen ? UGRPC_WAIT_YES : UGRPC_WAIT_DEFAULT,
    };
    const entry_message *entry;
    int rc = 0;
    struct ugrpc_stream *stream = microgrid_admin_v1_receive_journal_open(
        journal->ctl->channel, &journal->request, &options);
    while (rc == 0 && microgrid_admin_v1_receive_journal_next(stream, &entry)) {
        tell_away(journal, NULL);
        journal->seen = true;
        journal->request.after_id = entry->id;
        entry_clean((entry_message *)entry);
        rc = show(journal, entry);
    }
    if (rc) {
        ugrpc_stream_close(stream, NULL);
        return rc;
    }
    return ugrpc_stream_close(stream, st);
}

/* To people, aside of stdout, whose lines are entries. */
static void tell_none(const struct journal *journal)
{
    const microgrid_admin_v1_receive_journal_request *request = &journal->request;
    char text[160];
    fputs("no entries", stderr);
    if (request->n_component_ids == 1) {
        uint64_t id = request->component_ids[0];
        const component_message *component = directory_by_id(&journal->directory, id);
        if (component) {
            fprintf(stderr, " of %s", label_format(component->name, id, text, sizeof(text)));
        } else {
            fprintf(stderr, " of component %" PRIu64, id);
        }
    } else if (request->n_component_ids > 1) {
        fputs(" of these components", stderr);
    }
    if (request->since) {
        fprintf(stderr, " since %s", moment_format(request->since, text, sizeof(text)));
    }
    fputc('\n', stderr);
}

static void on_end(int number)
{
    _exit(CTL_DONE); /* each line has been written */
}

static int run(struct journal *journal)
{
    struct ugrpc_status st = {.code = UGRPC_OK};
    int rc = receive(journal, &st);
    while (journal->request.follow && rc == -UGRPC_UNAVAILABLE && journal->seen) {
        text_clean(st.message);
        tell_away(journal, &st);
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        rc = receive(journal, &st);
    }
    if (rc == 0 && !journal->seen && !journal->csv && !journal->ctl->json) {
        tell_none(journal);
    }
    return rc < 0 ? report_status(journal->ctl, &st, NULL) : rc;
}

int command_journal(struct ctl *ctl)
{
    struct journal journal = {
        .ctl = ctl,
        .request = MICROGRID_ADMIN_V1_RECEIVE_JOURNAL_REQUEST_INIT,
        .since = UGRPC_PROTOBUF_TIMESTAMP_INIT,
    };
    journal.csv = arguments_has(&ctl->arguments, OPTION_CSV);
    journal.request.follow = arguments_has(&ctl->arguments, OPTION_FOLLOW);
    int rc = parse_since(&journal);
    rc = rc ? rc : ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &journal.directory, false);
    rc = rc ? rc : find_components(&journal);
    if (rc == 0 && journal.request.follow) {
        signal(SIGINT, on_end);
        signal(SIGTERM, on_end);
        signal(SIGHUP, on_end);
    }
    if (rc == 0 && journal.csv) {
        entry_put_csv_heading(stdout);
        fflush(stdout);
    }
    rc = rc ? rc : run(&journal);
    free(journal.component_ids);
    directory_done(&journal.directory);
    return rc;
}
