/* SPDX-License-Identifier: MIT */
/* A growing buffer of encoded protobuf fields, for replies that are put together from parts. Runs out of
 * memory by abort(), as the timer heap does: its callers keep at most one copy of what the site itself holds.
 */
#ifndef SERVICE_BYTES_H
#define SERVICE_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct ProtobufCMessage;

struct bytes { /* zero is empty */
    uint8_t *data;
    size_t len, cap;
};

void bytes_done(struct bytes *bytes);

/* `n` more bytes, already counted in len, to be written by the caller. */
uint8_t *bytes_extend(struct bytes *bytes, size_t n);

/* Appends a message's fields, without tag or length. */
void bytes_add_fields(struct bytes *bytes, const struct ProtobufCMessage *message);

/* Appends a message as field `field` (1 … 15) of an outer one. */
void bytes_add_message(struct bytes *bytes, unsigned field, const struct ProtobufCMessage *message);

/* Appends a field (1 … 15) that is a number, or the tag and length of one that has `len` bytes, to follow. */
void bytes_add_varint(struct bytes *bytes, unsigned field, uint64_t value);
void bytes_add_float(struct bytes *bytes, unsigned field, float value);
void bytes_add_header(struct bytes *bytes, unsigned field, size_t len);

/* Tag and length that go before `len` bytes of a field (1 … 15). Returns how many bytes these are. */
#define FIELD_HEADER_MAX 11
size_t field_header(uint8_t out[FIELD_HEADER_MAX], unsigned field, size_t len);

#endif
