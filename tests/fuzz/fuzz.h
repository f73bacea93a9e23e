/* SPDX-License-Identifier: MIT */
/* What fuzz targets share: the entry, which libFuzzer and replay.c call alike, and an input that is taken
 * from its front. What a target promises of its parser it asserts. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t len;
};

/* At most `len` bytes. */
static inline struct input input_take(struct input *in, size_t len)
{
    struct input taken = {in->data, len < in->len ? len : in->len};
    in->data += taken.len;
    in->len -= taken.len;
    return taken;
}

/* The next byte; 0 when none is left. */
static inline uint8_t input_byte(struct input *in)
{
    struct input taken = input_take(in, 1);
    return taken.len ? taken.data[0] : 0;
}

/* In a block of exactly its size, so that sanitizers see a read beyond it; caller frees. */
static inline uint8_t *input_copy(struct input in)
{
    uint8_t *copy = malloc(in.len ? in.len : 1);
    if (!copy) {
        abort();
    }
    if (in.len) {
        memcpy(copy, in.data, in.len);
    }
    return copy;
}

#endif
