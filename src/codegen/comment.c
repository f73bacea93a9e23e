/* SPDX-License-Identifier: MIT */
#include "codegen/comment.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

typedef Google__Protobuf__SourceCodeInfo__Location location;

/* Field numbers in descriptor.proto, of which the path to a declaration is made. */
enum { FILE_SERVICE = 6, SERVICE_METHOD = 2 };

enum { COLUMNS = 100, LONGEST = 600 };

static const char *find(
    struct arena *arena, const struct schema_file *file, const int32_t *path, size_t path_len);

const char *comment_of_service(struct arena *arena, const struct schema_file *file, size_t service)
{
    const int32_t path[] = {FILE_SERVICE, (int32_t)service};

    return find(arena, file, path, ARRAY_LEN(path));
}

const char *comment_of_method(
    struct arena *arena, const struct schema_file *file, size_t service, size_t method)
{
    const int32_t path[] = {FILE_SERVICE, (int32_t)service, SERVICE_METHOD, (int32_t)method};

    return find(arena, file, path, ARRAY_LEN(path));
}

/* The first paragraph, its white space made single, its end cut at a word when it is too long. */
static const char *tidy(struct arena *arena, const char *comment)
{
    struct text out = {.arena = arena};
    size_t fits = 0;

    text_puts(&out, "");
    comment += strspn(comment, " \t\r\n");
    while (*comment && out.len <= LONGEST) {
        size_t space = strspn(comment, " \t\r\n");
        const char *newline = memchr(comment, '\n', space);
        if (newline && memchr(newline + 1, '\n', space - (size_t)(newline + 1 - comment))) {
            return out.data;
        }
        comment += space;
        fits = out.len;
        if (*comment && out.len > 0) {
            text_puts(&out, " ");
        }
        for (; *comment && !strchr(" \t\r\n", *comment); comment++) {
            char c = iscntrl((unsigned char)*comment) ? '?' : *comment;
            char before = out.len > 0 ? out.data[out.len - 1] : ' ';
            if ((before == '*' && c == '/') || (before == '/' && c == '*')) {
                text_puts(&out, " ");
            }
            text_add(&out, &c, 1);
        }
    }
    return out.len > LONGEST ? arena_printf(arena, "%.*s …", (int)fits, out.data) : out.data;
}

static const char *find(
    struct arena *arena, const struct schema_file *file, const int32_t *path, size_t path_len)
{
    const Google__Protobuf__SourceCodeInfo *info = file->proto->source_code_info;

    for (size_t i = 0; info && i < info->n_location; i++) {
        const location *at = info->location[i];
        if (at->n_path == path_len && memcmp(at->path, path, path_len * sizeof(*path)) == 0) {
            const char *comment = at->leading_comments ? at->leading_comments : at->trailing_comments;
            return comment ? tidy(arena, comment) : "";
        }
    }
    return "";
}

void comment_write(struct text *out, size_t indent, const char *string)
{
    size_t column = indent + 2;

    text_printf(out, "%*s/*", (int)indent, "");
    while (*string) {
        size_t len = strcspn(string, " ");
        if (column + 1 + len > COLUMNS && column > indent + 2) {
            text_printf(out, "\n%*s *", (int)indent, "");
            column = indent + 2;
        }
        text_printf(out, " %.*s", (int)len, string);
        column += 1 + len;
        string += len + (string[len] == ' ');
    }
    text_puts(out, " */\n");
}
