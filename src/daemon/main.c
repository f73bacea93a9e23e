/* SPDX-License-Identifier: MIT */
/* microgridd: reads its arguments and its site file, then lets the gateway run. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ugrpc/server.h>

#include "base/base.h"
#include "base/clock.h"
#include "daemon/arguments.h"
#include "daemon/banner.h"
#include "daemon/config.h"
#include "daemon/expiry.h"
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

static void show_warning(const char *text, void *userdata)
{
    puts(text);
}

static void show_good(const char *file, const struct config *config, const struct gateway *gateway)
{
    const char *certificates[] = {config->listen.certificate, config->listen.client_ca};
    char counts[120];
    banner_count(gateway_site(gateway), counts, sizeof(counts));
    printf("%s: good: %s\n", file, counts);
    expiry_check(clock_real(), certificates, ARRAY_LEN(certificates), show_warning, NULL);
}

/* What was asked for is not there if it could not be written. */
static int finish_stdout(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "microgridd: cannot write to stdout: %s\n", strerror(errno));
        return 1;
    }
    return status;
}

/* Everything that needs a site file. */
static int run(struct arguments *arguments, int64_t started_ns)
{
    struct problems problems = {.n = 0};
    struct gateway *gateway = NULL;
    bool check = arguments->verb == VERB_CHECK;
    int status = check ? 1 : EXIT_USAGE;
    struct config *config = config_load(arguments->config, &problems);
    if (config) {
        gateway = gateway_new(config, arguments, &problems);
    }
    if (!config || problems.n > 0) {
        problems_print(&problems, arguments->config, check ? stdout : stderr);
    } else if (check) {
        show_good(arguments->config, config, gateway);
        status = 0;
    } else {
        log_never_wait();
        status = gateway_run(gateway, started_ns);
    }
    gateway_free(gateway);
    config_free(config);
    problems_done(&problems);
    return status;
}

/* A standard descriptor that is closed would become the next socket's, and that socket get the log. */
static void fill_standard_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd < STDERR_FILENO);
    if (fd > STDERR_FILENO) {
        close(fd);
    }
}

int main(int argc, char **argv)
{
    int64_t started_ns = clock_now_ns(clock_real());
    struct arguments arguments;
    fill_standard_descriptors();
    int rc = arguments_parse(&arguments, argc, argv, stderr);
    if (rc != 0) {
        return rc;
    }
    arguments.log_format = log_setup(arguments.log_level, arguments.log_format);
    switch (arguments.verb) {
    case VERB_HELP:
        arguments_help(stdout);
        manual_overview(stdout);
        break;
    case VERB_TOPIC:
        rc = show_topic(arguments.topic);
        break;
    case VERB_VERSION:
        printf("microgridd %s\n", ugrpc_version());
        break;
    case VERB_SCHEMA:
        manual_schema(stdout);
        break;
    case VERB_MANUAL:
        manual_markdown(stdout);
        break;
    case VERB_CHECK:
        rc = run(&arguments, started_ns);
        break;
    case VERB_RUN:
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN); /* a limit of the file size is an error of the journal like a full disk */
        rc = run(&arguments, started_ns);
        break;
    }
    return finish_stdout(rc);
}
