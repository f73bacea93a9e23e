/* SPDX-License-Identifier: MIT */
/* microgridctl: reads its arguments and runs the command that they name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <ugrpc/server.h>

#include "ctl/ctl.h"
#include "ctl/help.h"
#include "ctl/report.h"

/* What was asked for is not there if it could not be written. */
static int finish_stdout(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "cannot write to stdout: %s\n", strerror(errno));
        return status ? status : CTL_FAILED;
    }
    return status;
}

static int run(struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;
    if (arguments_has(arguments, OPTION_HELP)) {
        help_show(arguments->command, arguments->family, stdout);
        return CTL_DONE;
    }
    if (!arguments->command) {
        printf("microgridctl %s\n", ugrpc_version());
        return CTL_DONE;
    }
    ctl->json = arguments_has(arguments, OPTION_JSON);
    report_as_json(ctl->json);
    int rc = ctl_init(ctl);
    return rc ? rc : arguments->command->run(ctl);
}

int main(int argc, char **argv)
{
    struct ctl ctl = {.channel = NULL};
    tzset(); /* times are shown as the clock on the wall */
    int status = arguments_parse(&ctl.arguments, argc, argv);
    status = status ? status : run(&ctl);
    ctl_done(&ctl);
    return finish_stdout(status);
}
