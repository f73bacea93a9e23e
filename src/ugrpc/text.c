/* SPDX-License-Identifier: MIT */
#include "ugrpc/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encoded_len(size_t len)
{
    return len / 3 * 4 + (len % 3 ? len % 3 + 1 : 0);
}

size_t base64_encode(char *to, const uint8_t *data, size_t len)
{
    size_t n = 0;
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < len; i++) {
        held = held << 8 | data[i];
        for (bits += 8; bits >= 6; bits -= 6) {
            to[n++] = base64_digits[held >> (bits - 6) & 63];
        }
    }
    if (bits > 0) {
        to[n++] = base64_digits[held << (6 - bits) & 63];
    }
    return n;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ptrdiff_t base64_decode(uint8_t *to, const char *text, size_t len)
{
    if (len % 4 == 0 && len > 0) { /* only a full last group can have padding */
        len -= text[len - 1] == '=';
        len -= len % 4 == 3 && text[len - 1] == '=';
    }
    if (len % 4 == 1) {
        return -1;
    }
    ptrdiff_t n = 0;
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < len; i++) {
        int value = base64_value(text[i]);
        if (value < 0) {
            return -1;
        }
        held = held << 6 | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            to[n++] = (uint8_t)(held >> bits);
        }
    }
    return n;
}

size_t percent_encode(char *to, const char *text, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c >= 0x20 && c < 0x7f && c != '%') {
            to[n++] = (char)c;
        } else {
            to[n++] = '%';
            to[n++] = hex[c >> 4];
            to[n++] = hex[c & 15];
        }
    }
    return n;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t percent_decode(char *to, const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        bool coded = text[i] == '%' && len - i > 2 && hex_value(text[i + 1]) >= 0 &&
                     hex_value(text[i + 2]) >= 0;
        to[n++] = coded ? (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2])) : text[i];
        i += coded ? 2 : 0;
    }
    return n;
}

int64_t timeout_parse(const char *text, size_t len)
{
    if (len < 2 || len > 9) {
        return -1;
    }
    int64_t value = 0;
    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = 10 * value + (text[i] - '0');
    }
    switch (text[len - 1]) {
    case 'H': { /* 99,999,999 hours do not fit */
        const int64_t max_h = INT64_MAX / (3600 * NS_PER_S) / 2;
        return (value < max_h ? value : max_h) * 3600 * NS_PER_S;
    }
    case 'M':
        return value * 60 * NS_PER_S;
    case 'S':
        return value * NS_PER_S;
    case 'm':
        return value * NS_PER_MS;
    case 'u':
        return value * 1000;
    case 'n':
        return value;
    default:
        return -1;
    }
}

size_t timeout_format(char to[TIMEOUT_TEXT_MAX], int64_t timeout_ns)
{
    static const struct {
        char unit;
        int64_t ns;
    } units[] = {{'n', 1}, {'u', 1000}, {'m', NS_PER_MS}, {'S', NS_PER_S}, {'M', 60 * NS_PER_S}};
    const int64_t most = 99999999; /* eight digits of minutes are 190 years */
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(units) && timeout_ns > most * units[i].ns) {
        i++;
    }
    int64_t value = timeout_ns / units[i].ns + (timeout_ns % units[i].ns > 0);
    char text[24];
    int len = snprintf(text, sizeof(text), "%" PRId64 "%c", value < most ? value : most, units[i].unit);
    memcpy(to, text, (size_t)len);
    return (size_t)len;
}
