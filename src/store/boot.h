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

/* When a lifetime ends that was noted to end at `until_ns` of the boot `noted`, or at `until_utc_ns`: on this
 * boot's time, so that *until_ns may be used, or false if it has ended. In the same boot, boot time decides;
 * in another one UTC does, unless the clock is not synchronised, or is behind `last_utc_ns`, when something
 * was last written: then nobody knows, and it has ended. */
bool boot_carry_over(const struct boot *boot, const char *noted, int64_t now_ns, int64_t now_utc_ns,
    int64_t last_utc_ns, int64_t *until_ns, int64_t until_utc_ns);

#endif
