/* SPDX-License-Identifier: MIT */
/* Text of a configuration file: whatever it says ends in a configuration, with problems or without, and as
 * much of a site as can be made of it. */
#include "base/timer.h"
#include "daemon/config.h"
#include "daemon/problems.h"
#include "daemon/site_build.h"
#include "fuzz.h"
#include "model/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems = {0};
    struct fake_clock clock;
    struct timers timers;
    timers_init(&timers, fake_clock_init(&clock));
    struct config *config = config_parse((const char *)data, size, "fuzz", &problems);
    if (config == NULL || problems.n > PROBLEMS_MAX || (problems.n == 0 && problems.left_out > 0)) {
        abort();
    }
    struct site *site = site_build(config, &timers, &problems);
    if (problems.n == 0 && site->n_components != config->n_components) {
        abort();
    }
    site_free(site);
    config_free(config);
    problems_done(&problems);
    timers_done(&timers);
    return 0;
}
