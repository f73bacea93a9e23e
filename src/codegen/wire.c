/* SPDX-License-Identifier: MIT */
#include "codegen/wire.h"

struct wire wire_over(const uint8_t *data, size_t len)
{
    return (struct wire){.next = data, .end = data + len};
}

static bool varint(struct wire *wire, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && wire->next < wire->end; shift += 7) {
        uint8_t byte = *wire->next++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

static bool skip(struct wire *wire, uint64_t len)
{
    if (len > (uint64_t)(wire->end - wire->next)) {
        return false;
    }
    wire->next += len;
    return true;
}

static bool content(struct wire *wire, struct wire_field *field)
{
    uint64_t len = 0;

    switch (field->type) {
    case WIRE_VARINT:
        return varint(wire, &field->varint);
    case WIRE_64BIT:
        return skip(wire, 8);
    case WIRE_32BIT:
        return skip(wire, 4);
    case WIRE_BYTES:
        if (!varint(wire, &len)) {
            return false;
        }
        field->data = wire->next;
        field->len = (size_t)len;
        return skip(wire, len);
    default: /* groups are used by none of the messages read here */
        return false;
    }
}

bool wire_next(struct wire *wire, struct wire_field *field)
{
    uint64_t tag = 0;

    if (wire->broken || wire->next == wire->end) {
        return false;
    }
    *field = (struct wire_field){.raw = wire->next};
    if (!varint(wire, &tag) || tag > UINT32_MAX || tag >> 3 == 0) {
        wire->broken = true;
        return false;
    }
    field->number = (uint32_t)(tag >> 3);
    field->type = (enum wire_type)(tag & 7);
    if (!content(wire, field)) {
        wire->broken = true;
        return false;
    }
    field->raw_len = (size_t)(wire->next - field->raw);
    return true;
}
