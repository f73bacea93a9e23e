/* SPDX-License-Identifier: MIT */
#include "daemon/expiry.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/base.h"
#include "base/timer.h"

#define DAY_S 86400

struct expiry {
    struct timers *timers;
    struct timer timer;
    const char *const *files;
    size_t n;
    expiry_tell_fn *tell;
    void *userdata;
};

/* When the first of a file's certificates ends, seconds since 1970; INT64_MAX: there is none in it. */
static int64_t first_end_s(const char *file)
{
    FILE *from = fopen(file, "re");
    int64_t first_s = INT64_MAX;
    X509 *certificate;
    while (from && (certificate = PEM_read_X509(from, NULL, NULL, NULL))) {
        struct tm parts = {0};
        if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1) {
            int64_t end_s = timegm(&parts);
            first_s = end_s < first_s ? end_s : first_s;
        }
        X509_free(certificate);
    }
    ERR_clear_error(); /* the end of the file is one */
    if (from) {
        fclose(from);
    }
    return first_s;
}

static void check(struct clock *clock, const char *file, expiry_tell_fn *tell, void *userdata)
{
    int64_t end_s = first_end_s(file), left_s = end_s - clock_now_utc_ns(clock) / NS_PER_S;
    if (end_s == INT64_MAX || left_s >= (int64_t)EXPIRY_WARN_DAYS * DAY_S) {
        return;
    }
    char text[600], left[40], day[16];
    time_t end = (time_t)end_s;
    struct tm parts;
    strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&end, &parts));
    snprintf(
        left, sizeof(left), "ends in %lld day%s, on", (long long)(left_s / DAY_S), PLURAL(left_s / DAY_S));
    snprintf(text, sizeof(text), "%s: a certificate in it %s %s; a new one: microgridctl cert init --force",
        file, left_s < 0 ? "has expired on" : left, day);
    tell(text, userdata);
}

void expiry_check(
    struct clock *clock, const char *const *files, size_t n, expiry_tell_fn *tell, void *userdata)
{
    for (size_t i = 0; i < n; i++) {
        if (files[i]) {
            check(clock, files[i], tell, userdata);
        }
    }
}

static void on_timer(struct timer *timer, void *userdata)
{
    struct expiry *expiry = userdata;
    timer_start_in(expiry->timers, timer, DAY_S * NS_PER_S);
    expiry_check(expiry->timers->clock, expiry->files, expiry->n, expiry->tell, expiry->userdata);
}

struct expiry *expiry_new(
    struct timers *timers, const char *const *files, size_t n, expiry_tell_fn *tell, void *userdata)
{
    struct expiry *expiry = calloc(1, sizeof(*expiry));
    if (!expiry) {
        abort();
    }
    *expiry = (struct expiry){.timers = timers, .files = files, .n = n, .tell = tell, .userdata = userdata};
    timer_init(&expiry->timer, on_timer, expiry);
    timer_start_in(timers, &expiry->timer, 0);
    return expiry;
}

void expiry_free(struct expiry *expiry)
{
    if (expiry) {
        timer_stop(expiry->timers, &expiry->timer);
        free(expiry);
    }
}
