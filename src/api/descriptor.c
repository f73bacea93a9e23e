/* SPDX-License-Identifier: MIT */
/* A walk over the fields of descriptor.proto that hold names. The bytes are our own generator's, yet are read
 * with all checks: a program may hand in others. */
#include "api/descriptor.h"

#include <string.h>

#include <ugrpc/service.h>

/* A length-delimited or varint field as it stands in the bytes. */
struct field {
    uint32_t number;
    uint64_t varint;
    const uint8_t *data; /* NULL: a varint */
    size_t len;
};

struct walk {
    const uint8_t *at, *end;
};

static bool read_varint(struct walk *walk, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; walk->at < walk->end && shift < 64; shift += 7) {
        uint8_t byte = *walk->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

static bool next_field(struct walk *walk, struct field *field)
{
    uint64_t tag, len;
    if (!read_varint(walk, &tag)) {
        return false;
    }
    *field = (struct field){.number = (uint32_t)(tag >> 3)};
    switch (tag & 7) {
    case 0:
        return read_varint(walk, &field->varint);
    case 1:
        len = 8;
        break;
    case 5:
        len = 4;
        break;
    case 2:
        if (!read_varint(walk, &len)) {
            return false;
        }
        break;
    default:
        return false;
    }
    if (len > (uint64_t)(walk->end - walk->at)) {
        return false;
    }
    field->data = walk->at;
    field->len = (size_t)len;
    walk->at += len;
    return true;
}

static struct walk walk_of(const struct field *field)
{
    return (struct walk){field->data, field->data + field->len};
}

/* The first field `number` of a message: its name, mostly. */
static bool find_field(struct walk walk, uint32_t number, struct field *field)
{
    while (next_field(&walk, field)) {
        if (field->number == number) {
            return true;
        }
    }
    return false;
}

/* Which fields of a descriptor declare something, by descriptor.proto; `name` is field 1 of all of them. */
enum kind { FILE_KIND, MESSAGE_KIND, ENUM_KIND, SERVICE_KIND, LEAF_KIND };

static bool declaring_field(enum kind kind, uint32_t number, enum kind *declared)
{
    static const struct {
        enum kind in;
        uint32_t number;
        enum kind declared;
    } rows[] = {
        {FILE_KIND, 4, MESSAGE_KIND},
        {FILE_KIND, 5, ENUM_KIND},
        {FILE_KIND, 6, SERVICE_KIND},
        {FILE_KIND, 7, LEAF_KIND},    /* extensions */
        {MESSAGE_KIND, 2, LEAF_KIND}, /* fields */
        {MESSAGE_KIND, 3, MESSAGE_KIND},
        {MESSAGE_KIND, 4, ENUM_KIND},
        {MESSAGE_KIND, 6, LEAF_KIND}, /* extensions */
        {MESSAGE_KIND, 8, LEAF_KIND}, /* oneofs */
        {ENUM_KIND, 2, LEAF_KIND},
        {SERVICE_KIND, 2, LEAF_KIND},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (rows[i].in == kind && rows[i].number == number) {
            *declared = rows[i].declared;
            return true;
        }
    }
    return false;
}

/* Descriptors nest as deep as .proto files do; the recursion ends with the dots of `path`. */
static bool declares(enum kind kind, struct walk walk, const char *path)
{
    struct field field, name;
    while (next_field(&walk, &field)) {
        enum kind declared;
        if (!field.data || !declaring_field(kind, field.number, &declared) ||
            !find_field(walk_of(&field), 1, &name) || !name.data) {
            continue;
        }
        bool begins = strncmp(path, (const char *)name.data, name.len) == 0;
        if (begins && path[name.len] == '\0') {
            return true;
        }
        if (begins && path[name.len] == '.' && declares(declared, walk_of(&field), path + name.len + 1)) {
            return true;
        }
        if (declared == ENUM_KIND && declares(ENUM_KIND, walk_of(&field), path)) {
            return true; /* values stand in the scope of their enum */
        }
    }
    return false;
}

static struct walk walk_file(const struct ugrpc_file *file)
{
    return (struct walk){file->descriptor, file->descriptor + file->descriptor_len};
}

bool descriptor_declares(const struct ugrpc_file *file, const char *symbol)
{
    struct field package;
    if (find_field(walk_file(file), 2, &package) && package.data && package.len) {
        if (strncmp(symbol, (const char *)package.data, package.len) != 0 || symbol[package.len] != '.') {
            return false;
        }
        symbol += package.len + 1;
    }
    return declares(FILE_KIND, walk_file(file), symbol);
}

bool descriptor_extensions(const struct ugrpc_file *file,
    bool (*fn)(const char *extendee, uint32_t number, void *userdata), void *userdata)
{
    struct walk walk = walk_file(file);
    struct field field, extendee, number;
    while (next_field(&walk, &field)) {
        char name[256];
        if (field.number != 7 || !field.data || !find_field(walk_of(&field), 2, &extendee) ||
            !extendee.data || extendee.len < 2 || extendee.len >= sizeof(name) ||
            !find_field(walk_of(&field), 3, &number)) {
            continue;
        }
        memcpy(name, extendee.data + 1, extendee.len - 1); /* without the leading dot */
        name[extendee.len - 1] = '\0';
        if (fn(name, (uint32_t)number.varint, userdata)) {
            return true;
        }
    }
    return false;
}
