/* SPDX-License-Identifier: MIT */
#include "ugrpc/metadata.h"

#include <string.h>

#include <ugrpc/status.h>

#include "ugrpc/text.h"

static bool is_binary(const char *key, size_t len)
{
    return len > 4 && memcmp(key + len - 4, "-bin", 4) == 0;
}

static int add_pair(
    struct metadata *m, const struct metadata_pair *pair, size_t max_pairs, struct arena *arena)
{
    if (m->n >= max_pairs) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    if (m->n == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 4;
        struct metadata_pair *pairs = arena_alloc(arena, cap * sizeof(*pairs));
        if (!pairs) {
            return -UGRPC_RESOURCE_EXHAUSTED;
        }
        if (m->n) {
            memcpy(pairs, m->pairs, m->n * sizeof(*pairs));
        }
        m->pairs = pairs;
        m->cap = cap;
    }
    m->pairs[m->n++] = *pair;
    nghttp2_rcbuf_incref(pair->key);
    if (pair->text) {
        nghttp2_rcbuf_incref(pair->text);
    }
    return 0;
}

static int add_binary(struct metadata *m, nghttp2_rcbuf *key, const char *text, size_t len, size_t max_pairs,
    struct arena *arena)
{
    while (len > 0 && text[0] == ' ') {
        text++;
        len--;
    }
    while (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    uint8_t *data = arena_alloc(arena, len / 4 * 3 + 3);
    if (!data) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    ptrdiff_t n = base64_decode(data, text, len);
    if (n < 0) {
        return -UGRPC_INVALID_ARGUMENT;
    }
    struct metadata_pair pair = {key, NULL, {data, (size_t)n}};
    return add_pair(m, &pair, max_pairs, arena);
}

int metadata_add(
    struct metadata *m, nghttp2_rcbuf *key, nghttp2_rcbuf *value, size_t max_pairs, struct arena *arena)
{
    nghttp2_vec name = nghttp2_rcbuf_get_buf(key), text = nghttp2_rcbuf_get_buf(value);
    if (!is_binary((const char *)name.base, name.len)) {
        struct metadata_pair pair = {key, value, {text.base, text.len}};
        return add_pair(m, &pair, max_pairs, arena);
    }
    const char *at = (const char *)text.base, *end = at + text.len;
    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        int rc = add_binary(m, key, at, (size_t)((comma ? comma : end) - at), max_pairs, arena);
        if (rc != 0 || !comma) {
            return rc;
        }
        at = comma + 1;
    }
}

bool metadata_find(const struct metadata *m, const char *key, struct ugrpc_bytes *value)
{
    for (size_t i = 0; i < m->n; i++) {
        if (strcmp((const char *)nghttp2_rcbuf_get_buf(m->pairs[i].key).base, key) == 0) {
            *value = m->pairs[i].value;
            return true;
        }
    }
    return false;
}

bool metadata_at(const struct metadata *m, size_t index, const char **key, struct ugrpc_bytes *value)
{
    if (index >= m->n) {
        return false;
    }
    *key = (const char *)nghttp2_rcbuf_get_buf(m->pairs[index].key).base;
    *value = m->pairs[index].value;
    return true;
}

void metadata_done(struct metadata *m)
{
    for (size_t i = 0; i < m->n; i++) {
        nghttp2_rcbuf_decref(m->pairs[i].key);
        nghttp2_rcbuf_decref(m->pairs[i].text); /* NULL is fine */
    }
    *m = (struct metadata){0};
}

/* gRPC's own names are not for users to set. */
static bool key_allowed(const char *key)
{
    size_t len = strlen(key);
    if (len == 0 || strncmp(key, "grpc-", 5) == 0) {
        return strcmp(key, "grpc-status-details-bin") == 0;
    }
    for (size_t i = 0; i < len; i++) {
        char c = key[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.')) {
            return false;
        }
    }
    static const char *const reserved[] = {
        "content-type", "content-length", "te", "connection", "transfer-encoding", "upgrade", "keep-alive"};
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
        if (strcmp(key, reserved[i]) == 0) {
            return false;
        }
    }
    return true;
}

static bool text_allowed(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e) {
            return false;
        }
    }
    return len == 0 || (text[0] != ' ' && text[len - 1] != ' ');
}

int outgoing_metadata_add(
    struct outgoing_metadata **list, const char *key, const void *value, size_t len, struct arena *arena)
{
    size_t key_len = strlen(key);
    bool binary = is_binary(key, key_len);
    if (!key_allowed(key) || (!binary && !text_allowed(value, len))) {
        return -UGRPC_INVALID_ARGUMENT;
    }
    struct outgoing_metadata *added = arena_alloc(arena, sizeof(*added));
    char *name = arena_strndup(arena, key, key_len);
    char *text = binary ? arena_alloc(arena, base64_encoded_len(len) + 1) : arena_strndup(arena, value, len);
    if (!added || !name || !text) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    if (binary) {
        len = base64_encode(text, value, len);
    }
    added->next = NULL;
    added->nv = outgoing_header(name, text, len);
    while (*list) {
        list = &(*list)->next;
    }
    *list = added;
    return 0;
}

size_t outgoing_metadata_count(const struct outgoing_metadata *list)
{
    size_t n = 0;
    for (; list; list = list->next) {
        n++;
    }
    return n;
}

size_t outgoing_metadata_put(nghttp2_nv *to, const struct outgoing_metadata *list)
{
    size_t n = 0;
    for (; list; list = list->next) {
        to[n++] = list->nv;
    }
    return n;
}
