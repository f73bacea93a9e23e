/* SPDX-License-Identifier: MIT */
/* microgridd: reads its arguments and its site file, then lets the gateway run. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <ugrpc/server.h>

#include "base/clock.h"
#include "daemon/arguments.h"
#include "daemon/config.h"
#include "daemon/gateway.h"
#include "daemon/manual.h"

static int show_topic(const char *topic)
{
    const char *nearest;
    if (manual_topic(topic, stdout, &nearest) == 0) {
        return 0;
    }
    fprintf(stderr, "microgridd: --help=%s: no such part of a site file", topic);
    fprintf(stderr, nearest ? "; did you mean %s?\n" : "; microgridd --help lists them\n", nearest);
    return EXIT_USAGE;
}

static void show_good(const struct config *config, const struct gateway *gateway)
{
    const struct site *site = gateway_site(gateway);
    printf("%s: good: %zu components, %zu connections, %zu sensors\n", config->file, site->n_components,
        site->n_connections, site->n_sensors);
}

/* Everything that needs a site file. */
static int run(struct arguments *arguments, int64_t started_ns)
{
    struct problems problems = {.n = 0};
    struct gateway *gateway = NULL;
    bool check = arguments->verb == VERB_CHECK;
    int status = check ? 1 : EXIT_USAGE;
    struct config *config = config_load(arguments->config, &problems);
    if (config && problems.n == 0) {
        gateway = gateway_new(config, arguments, &problems);
    }
    if (problems.n > 0) {
        problems_print(&problems, arguments->config, check ? stdout : stderr);
    } else if (check) {
        show_good(config, gateway);
        status = 0;
    } else {
        status = gateway_run(gateway, started_ns);
    }
    gateway_free(gateway);
    config_free(config);
    problems_done(&problems);
    return status;
}

int main(int argc, char **argv)
{
    int64_t started_ns = clock_now_ns(clock_real());
    struct arguments arguments;
    int rc = arguments_parse(&arguments, argc, argv, stderr);
    if (rc != 0) {
        return rc;
    }
    if (arguments.log_format == LOG_FORMAT_AUTO) {
        arguments.log_format = isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_LOGFMT;
    }
    log_setup(arguments.log_level, arguments.log_format);
    signal(SIGPIPE, SIG_IGN);
    switch (arguments.verb) {
    case VERB_HELP:
        arguments_help(stdout);
        manual_overview(stdout);
        return 0;
    case VERB_TOPIC:
        return show_topic(arguments.topic);
    case VERB_VERSION:
        printf("microgridd %s\n", ugrpc_version());
        return 0;
    case VERB_SCHEMA:
        manual_schema(stdout);
        return 0;
    case VERB_MANUAL:
        manual_markdown(stdout);
        return 0;
    case VERB_RUN:
    case VERB_CHECK:
        return run(&arguments, started_ns);
    }
    return EXIT_USAGE;
}
