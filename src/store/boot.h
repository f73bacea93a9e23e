/* SPDX-License-Identifier: MIT */
/* Which run of the machine this is, and what an end that was noted in an earlier one means now. */
#ifndef STORE_BOOT_H
#define STORE_BOOT_H

#include <stdbool.h>
#include <stdint.h>

struct boot {
    char id[64];       /* "": unknown, like no other */
    bool synchronised; /* the wall clock is known to be right */
};

void boot_read(struct boot *boot);

enum boot_verdict {
    BOOT_GOES_ON,
    BOOT_ENDED,
    BOOT_UNSYNCHRONISED, /* the machine has been restarted, and its clock is not known to be right */
    BOOT_CLOCK_BEHIND,   /* it has been restarted, and its clock shows a time before the last note */
    BOOT_IMPOSSIBLE,     /* no lifetime is as long */
};

/* When a lifetime ends that was noted to end at `until_ns` of the boot `noted`, or at `until_utc_ns`: on this
 * boot's time, so that *until_ns may be used if it goes on. In the same boot, boot time decides; in another
 * one UTC does, unless the clock is not synchronised, or is behind `last_utc_ns`, when something was last
 * written: then nobody knows, and it counts as ended. */
enum boot_verdict boot_carry_over(const struct boot *boot, const char *noted, int64_t now_ns,
    int64_t now_utc_ns, int64_t last_utc_ns, int64_t *until_ns, int64_t until_utc_ns);

#endif
