/* SPDX-License-Identifier: MIT */
#include "store/boot.h"

#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#include "base/clock.h"
#include "model/command.h"

void boot_read(struct boot *boot)
{
    struct timex state = {.modes = 0};
    FILE *from = fopen("/proc/sys/kernel/random/boot_id", "re");
    *boot = (struct boot){.synchronised = adjtimex(&state) != TIME_ERROR};
    if (from) {
        if (!fgets(boot->id, sizeof(boot->id), from)) {
            boot->id[0] = '\0';
        }
        fclose(from);
    }
    boot->id[strcspn(boot->id, "\n")] = '\0';
}

enum boot_verdict boot_carry_over(const struct boot *boot, const char *noted, int64_t now_ns,
    int64_t now_utc_ns, int64_t last_utc_ns, int64_t *until_ns, int64_t until_utc_ns)
{
    int64_t left_ns = *until_ns - now_ns;
    if (!*boot->id || strcmp(boot->id, noted) != 0) {
        if (!boot->synchronised) {
            return BOOT_UNSYNCHRONISED;
        }
        if (now_utc_ns < last_utc_ns) {
            return BOOT_CLOCK_BEHIND;
        }
        left_ns = until_utc_ns - now_utc_ns;
    }
    if (left_ns <= 0) {
        return BOOT_ENDED;
    }
    if (left_ns > LIFETIME_MAX_S * NS_PER_S) {
        return BOOT_IMPOSSIBLE;
    }
    *until_ns = now_ns + left_ns;
    return BOOT_GOES_ON;
}
