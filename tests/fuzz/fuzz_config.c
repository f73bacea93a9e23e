/* SPDX-License-Identifier: MIT */
/* Text of a configuration file: whatever it says ends in a configuration, with problems or without. */
#include "daemon/config.h"
#include "daemon/problems.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems = {0};
    struct config *config = config_parse((const char *)data, size, "fuzz", &problems);
    if (config == NULL || problems.n > PROBLEMS_MAX || (problems.n == 0 && problems.left_out > 0)) {
        abort();
    }
    config_free(config);
    problems_done(&problems);
    return 0;
}
