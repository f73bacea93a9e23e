/* SPDX-License-Identifier: MIT */
/* Request headers, as lines of "name: value": kept as metadata, found again, and sent back. Each value is
 * also taken for whatever else the text of a header can be. */
#include <assert.h>

#include "base/base.h"
#include "base/utf8.h"
#include "fake_rcbuf.h"
#include "fuzz.h"
#include "ugrpc/codec.h"
#include "ugrpc/metadata.h"
#include "ugrpc/text.h"

#define MAX_PAIRS 64

static void check_base64(struct input text)
{
    size_t cap = (text.len + 3) / 4 * 3;
    uint8_t *data = malloc(cap + 1), *again = malloc(cap + 3);
    assert(data && again);
    ptrdiff_t len = base64_decode(data, (const char *)text.data, text.len);
    if (len >= 0) {
        assert((size_t)len <= cap);
        size_t coded_len = base64_encoded_len((size_t)len);
        char *coded = malloc(coded_len + 1);
        assert(coded && base64_encode(coded, data, (size_t)len) == coded_len);
        assert(base64_decode(again, coded, coded_len) == len);
        assert(memcmp(data, again, (size_t)len) == 0);
        free(coded);
    }
    free(data);
    free(again);
}

static void check_percent(struct input text)
{
    char *coded = malloc(3 * text.len + 1), *decoded = malloc(3 * text.len + 1);
    assert(coded && decoded);
    assert(percent_decode(decoded, (const char *)text.data, text.len) <= text.len);
    size_t len = percent_encode(coded, (const char *)text.data, text.len);
    assert(len >= text.len && len <= 3 * text.len);
    for (size_t i = 0; i < len; i++) {
        assert(coded[i] >= 0x20 && coded[i] < 0x7f);
    }
    assert(percent_decode(decoded, coded, len) == text.len);
    assert(text.len == 0 || memcmp(decoded, text.data, text.len) == 0);
    free(coded);
    free(decoded);
}

static void check_value(struct input text)
{
    int64_t timeout_ns = timeout_parse((const char *)text.data, text.len);
    unsigned codecs = codec_list((const char *)text.data, text.len);
    int codec = codec_find((const char *)text.data, text.len);
    assert(timeout_ns >= -1 && timeout_ns <= INT64_MAX / 3 * 2); /* so that it can be added to any time */
    assert((codecs & 1u << UGRPC_IDENTITY) && codecs < 8);
    assert(codec < 0 || (codecs & 1u << codec)); /* one name is a list, too */
    if (utf8_valid(
            (const char *)text.data, text.len)) { /* and so is what stands before any of its characters */
        for (size_t i = 0; i < text.len; i++) {
            assert(utf8_valid((const char *)text.data, i) == ((text.data[i] & 0xc0) != 0x80));
        }
    }
    check_base64(text);
    check_percent(text);
}

/* Sends a value that came; what may be sent is good HTTP/2. */
static void check_sending(
    const struct metadata_pair *pair, struct outgoing_metadata **out, struct arena *arena)
{
    nghttp2_vec key = nghttp2_rcbuf_get_buf(pair->key);
    size_t before = outgoing_metadata_count(*out);
    int rc = outgoing_metadata_add(out, (const char *)key.base, pair->value.data, pair->value.len, arena);
    assert(rc == 0 || rc == -UGRPC_INVALID_ARGUMENT);
    assert(outgoing_metadata_count(*out) == before + (rc == 0));
    if (rc != 0) {
        return;
    }
    const struct outgoing_metadata *sent = *out;
    while (sent->next) {
        sent = sent->next;
    }
    assert(sent->nv.namelen == key.len && memcmp(sent->nv.name, key.base, key.len) == 0);
    assert(nghttp2_check_header_value(sent->nv.value, sent->nv.valuelen));
    if (pair->text) {
        assert(sent->nv.valuelen == pair->value.len &&
               memcmp(sent->nv.value, pair->value.data, pair->value.len) == 0);
    }
}

static void check_pairs(const struct metadata *m)
{
    struct arena arena = {0};
    struct outgoing_metadata *out = NULL;
    for (size_t i = 0; i < m->n; i++) {
        struct ugrpc_bytes value;
        size_t first = 0;
        const char *key = (const char *)nghttp2_rcbuf_get_buf(m->pairs[i].key).base;
        while (strcmp((const char *)nghttp2_rcbuf_get_buf(m->pairs[first].key).base, key) != 0) {
            first++;
        }
        assert(metadata_find(m, key, &value) && value.data == m->pairs[first].value.data);
        check_sending(&m->pairs[i], &out, &arena);
    }
    arena_done(&arena);
}

static int add_line(struct metadata *m, struct input line, struct arena *arena)
{
    const uint8_t *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
    struct input name = input_take(&line, colon ? (size_t)(colon - line.data) : 0);
    input_take(&line, colon ? 1 : 0);
    check_value(line);
    if (!nghttp2_check_header_name(name.data, name.len) || !nghttp2_check_header_value(line.data, line.len)) {
        return 0; /* never gets as far as metadata */
    }
    nghttp2_rcbuf *key = fake_rcbuf_new(name.data, name.len), *value = fake_rcbuf_new(line.data, line.len);
    int rc = metadata_add(m, key, value, MAX_PAIRS, arena);
    nghttp2_rcbuf_decref(key);
    nghttp2_rcbuf_decref(value);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct metadata m = {0};
    struct input in = {data, size};
    while (in.len > 0) {
        const uint8_t *end = memchr(in.data, '\n', in.len);
        struct input line = input_take(&in, end ? (size_t)(end - in.data) : in.len);
        struct input exact = {input_copy(line), line.len};
        int rc = add_line(&m, exact, &arena);
        assert(rc == 0 || rc == -UGRPC_INVALID_ARGUMENT ||
               (rc == -UGRPC_RESOURCE_EXHAUSTED && m.n == MAX_PAIRS));
        free((uint8_t *)exact.data);
        input_take(&in, 1);
    }
    assert(arena.total <= 200 * MAX_PAIRS + 4 * size);
    check_pairs(&m);
    metadata_done(&m);
    arena_done(&arena);
    assert(fake_rcbufs == 0);
    return 0;
}
