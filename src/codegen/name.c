/* SPDX-License-Identifier: MIT */
#include "codegen/name.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Keywords that protobuf-c knows and follows with an underscore. */
static const char *const known_keywords[] = {"and", "and_eq", "asm", "auto", "bitand", "bitor", "bool",
    "break", "case", "catch", "char", "class", "compl", "const", "const_cast", "continue", "default",
    "delete", "do", "double", "dynamic_cast", "else", "enum", "explicit", "extern", "false", "float", "for",
    "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new", "not", "not_eq",
    "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast", "return",
    "short", "signed", "sizeof", "static", "static_cast", "struct", "switch", "template", "this", "throw",
    "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void",
    "volatile", "wchar_t", "while", "xor", "xor_eq"};

/* Those it doesn't know, and lower-case macros that the compiler or <errno.h>, <stdio.h> define. */
static const char *const missed_keywords[] = {"alignas", "alignof", "char16_t", "char32_t", "char8_t",
    "co_await", "co_return", "co_yield", "concept", "consteval", "constexpr", "constinit", "decltype",
    "errno", "export", "linux", "noexcept", "nullptr", "requires", "restrict", "static_assert", "stderr",
    "stdin", "stdout", "thread_local", "typeof", "typeof_unqual", "unix"};

/* What our declarations call their parameters; a type of that name could not be used after it. */
static const char *const parameter_names[] = {
    "call", "m", "message", "reply", "req", "server", "servicer", "st", "userdata", "value"};

static bool listed(const char *const *list, size_t len, const char *name)
{
    for (size_t i = 0; i < len; i++) {
        if (strcmp(list[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* An upper-case letter after anything else begins a word. */
static void add_words(struct text *out, const char *part, size_t len, int (*change)(int))
{
    bool was_upper = true;

    for (size_t i = 0; i < len; i++) {
        bool is_upper = isupper((unsigned char)part[i]);
        if (is_upper && !was_upper) {
            text_puts(out, "_");
        }
        char c = (char)change((unsigned char)part[i]);
        text_add(out, &c, 1);
        was_upper = is_upper;
    }
}

static void add_camel(struct text *out, const char *part, size_t len)
{
    bool begins = true;

    for (size_t i = 0; i < len; i++) {
        if (part[i] == '_') {
            begins = true;
            continue;
        }
        char c = begins ? (char)toupper((unsigned char)part[i]) : part[i];
        text_add(out, &c, 1);
        begins = false;
    }
}

static const char *convert(struct arena *arena, const char *name, const char *separator, int (*change)(int))
{
    struct text out = {.arena = arena};

    text_puts(&out, "");
    while (*name) {
        size_t len = strcspn(name, ".");
        if (len > 0 && out.len > 0) {
            text_puts(&out, separator);
        }
        if (change) {
            add_words(&out, name, len, change);
        } else {
            add_camel(&out, name, len);
        }
        name += len + (name[len] == '.');
    }
    return out.data;
}

const char *name_lower(struct arena *arena, const char *name, const char *separator)
{
    return convert(arena, name, separator, tolower);
}

const char *name_upper(struct arena *arena, const char *name, const char *separator)
{
    return convert(arena, name, separator, toupper);
}

const char *name_camel(struct arena *arena, const char *name, const char *separator)
{
    return convert(arena, name, separator, NULL);
}

bool name_missed_by_protobuf_c(const char *field)
{
    for (size_t i = 0; i < ARRAY_LEN(missed_keywords); i++) {
        if (strcasecmp(missed_keywords[i], field) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_keyword(const char *name)
{
    return listed(known_keywords, ARRAY_LEN(known_keywords), name) || name_missed_by_protobuf_c(name);
}

const char *name_member(struct arena *arena, const char *field)
{
    char *member = arena_copy(arena, field, strlen(field));

    for (char *c = member; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return is_keyword(member) ? arena_printf(arena, "%s_", member) : member;
}

const char *name_safe(struct arena *arena, const char *name)
{
    if (is_keyword(name) || listed(parameter_names, ARRAY_LEN(parameter_names), name)) {
        return arena_printf(arena, "%s_", name);
    }
    return name;
}

bool name_is_valid(const char *name, bool dotted)
{
    bool begins = true;

    for (const char *c = name; *c; c++) {
        bool is_letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';
        if (begins ? !is_letter : !is_letter && !(*c >= '0' && *c <= '9') && !(dotted && *c == '.')) {
            return false;
        }
        begins = *c == '.';
    }
    return !begins;
}

const char *name_of_path(struct arena *arena, const char *path)
{
    struct text out = {.arena = arena};

    text_puts(&out, "");
    for (const char *c = path; *c; c++) {
        if (isalnum((unsigned char)*c) && (unsigned char)*c < 0x80) {
            text_add(&out, c, 1);
        } else if (*c == '/' || *c == '.' || *c == '_') {
            text_puts(&out, "_");
        } else {
            text_printf(&out, "_%02x", (unsigned)(uint8_t)*c);
        }
    }
    return out.data;
}

const char *name_unique(struct arena *arena, const char *path)
{
    struct text out = {.arena = arena};

    text_puts(&out, "");
    for (const char *c = path; *c; c++) {
        bool looks_coded = *c == '_' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2]);
        bool plain = (isalnum((unsigned char)*c) && (unsigned char)*c < 0x80) || *c == '_';
        if (plain && !looks_coded) {
            text_add(&out, c, 1);
        } else {
            text_printf(&out, "_%02x", (unsigned)(uint8_t)*c);
        }
    }
    return out.data;
}
