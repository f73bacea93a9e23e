/* SPDX-License-Identifier: MIT */
/* A write-ahead log. What is cut off behind a whole one is a torn write, never damage. */
#include <stdbool.h>
#include <stdio.h>

#include "fuzz.h"
#include "store/wal.h"

static bool is_damaged(const uint8_t *data, size_t size)
{
    FILE *from = fmemopen((void *)data, size, "r");
    if (!from) {
        abort();
    }
    bool damaged = wal_read(from) == WAL_DAMAGED;
    fclose(from);
    return damaged;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && !is_damaged(data, size) && is_damaged(data, (size + 1) / 2)) {
        abort();
    }
    return 0;
}
