/* SPDX-License-Identifier: MIT */
/* A checked walk over the fields of an encoded protobuf message, for what must be kept byte for byte (a
 * file's descriptor) and for options that protobuf-c leaves as unknown fields. */
#ifndef CODEGEN_WIRE_H
#define CODEGEN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_type { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_BYTES = 2, WIRE_32BIT = 5 };

struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t varint;     /* WIRE_VARINT only */
    const uint8_t *data; /* WIRE_BYTES only: the content */
    size_t len;
    const uint8_t *raw; /* the whole field, with its tag */
    size_t raw_len;
};

struct wire {
    const uint8_t *next;
    const uint8_t *end;
    bool broken; /* ended because the bytes make no sense */
};

struct wire wire_over(const uint8_t *data, size_t len);

/* The next field, or false at the end or when the rest is broken. */
bool wire_next(struct wire *wire, struct wire_field *field);

#endif
