/* SPDX-License-Identifier: MIT */
/* The format is published, and frozen: https://sqlite.org/fileformat2.html#walformat. A header, and frames of
 * a header and a page each; all have the log's salts, and sums over all that stands before. */
#include "store/wal.h"

#include <stdbool.h>
#include <stdint.h>

#define MAGIC        0x377f0682 /* the last bit: sums are of big-endian words */
#define HEADER_BYTES 32
#define FRAME_BYTES  24
#define PAGE_BYTES   1024 /* as all our journals have */

struct wal {
    FILE *from;
    bool big_endian;
    uint32_t sums[2], salts[2];
};

static uint32_t u32be(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t u32le(const uint8_t *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static void sum_up(struct wal *wal, const uint8_t *bytes, size_t len)
{
    uint32_t (*word)(const uint8_t *at) = wal->big_endian ? u32be : u32le;
    for (size_t i = 0; i + 8 <= len; i += 8) {
        wal->sums[0] += word(bytes + i) + wal->sums[1];
        wal->sums[1] += word(bytes + i + 4) + wal->sums[0];
    }
}

static bool has_sums(const struct wal *wal, const uint8_t *at)
{
    return u32be(at) == wal->sums[0] && u32be(at + 4) == wal->sums[1];
}

static bool has_salts(const struct wal *wal, const uint8_t *at)
{
    return u32be(at) == wal->salts[0] && u32be(at + 4) == wal->salts[1];
}

static void take_salts(struct wal *wal, const uint8_t *at)
{
    wal->salts[0] = u32be(at);
    wal->salts[1] = u32be(at + 4);
}

/* Frames with the log's salts behind the first that is broken, and transactions that end in one of them. */
static size_t count_behind(struct wal *wal, bool broken, size_t *frames)
{
    uint8_t frame[FRAME_BYTES + PAGE_BYTES];
    bool first = true;
    size_t n = 0;
    while (fread(frame, sizeof(frame), 1, wal->from) == 1) {
        if (broken && first) {
            take_salts(wal, frame + 8); /* the header's cannot be trusted */
        }
        first = false;
        bool own = has_salts(wal, frame + 8);
        if (!broken) {
            sum_up(wal, frame, 8);
            sum_up(wal, frame + FRAME_BYTES, PAGE_BYTES);
            broken = !own || !has_sums(wal, frame + 16);
        }
        *frames += broken && own;
        n += broken && own && u32be(frame + 4) > 0;
    }
    return n;
}

enum wal_state wal_read(FILE *from)
{
    uint8_t header[HEADER_BYTES];
    struct wal wal = {.from = from};
    if (fread(header, sizeof(header), 1, from) != 1) {
        return WAL_WHOLE;
    }
    wal.big_endian = header[3] & 1;
    take_salts(&wal, header + 16);
    sum_up(&wal, header, 24);
    bool whole = (u32be(header) & ~1U) == MAGIC && has_sums(&wal, header + 24);
    if (whole && u32be(header + 8) != PAGE_BYTES) {
        return WAL_WHOLE; /* not one of ours */
    }
    size_t frames = 0, transactions = count_behind(&wal, !whole, &frames);
    return transactions >= 2 ? WAL_DAMAGED : frames > 0 ? WAL_TORN : WAL_WHOLE;
}
