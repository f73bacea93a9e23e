/* SPDX-License-Identifier: MIT */
#include "daemon/expiry.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/timer.h"
#include "net/tls.h"

#define DAY_S 86400

struct expiry {
    struct timers *timers;
    struct timer timer;
    const char *const *files;
    size_t n;
    expiry_tell_fn *tell;
    void *userdata;
};

/* The first of a file's certificates to end, and when, seconds since 1970; NULL: there is none in it. */
static X509 *find_first(const char *file, int64_t *end_s)
{
    FILE *from = fopen(file, "re");
    X509 *first = NULL, *certificate;
    *end_s = INT64_MAX;
    while (from && (certificate = PEM_read_X509(from, NULL, NULL, NULL))) {
        struct tm parts = {0};
        int64_t this_s = ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1 ? timegm(&parts)
                                                                                       : INT64_MAX;
        if (this_s < *end_s) {
            X509_free(first);
            first = certificate;
            *end_s = this_s;
        } else {
            X509_free(certificate);
        }
    }
    ERR_clear_error(); /* the end of the file is one */
    if (from) {
        fclose(from);
    }
    return first;
}

/* How to get a new one: a command that does it, where one does. */
static void put_renewal(const X509 *certificate, const char *file, char *out, size_t cap)
{
    static const char ours[] = "server.pem"; /* the name that it has there */
    char hosts[400];
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    tls_list_hosts(certificate, " --host ", " --host ", hosts, sizeof(hosts));
    if (!*hosts) {
        snprintf(out, cap, "whoever issued it makes a new one");
        return;
    }
    snprintf(out, cap, "a new one: microgridctl cert init%s%s%.*s --force%s", hosts,
        slash ? " --folder " : "", slash ? (int)(slash - file) + (slash == file) : 0, file,
        strcmp(name, ours) == 0 ? "" : " (as server.pem and server-key.pem)");
}

static void check(struct clock *clock, const char *file, expiry_tell_fn *tell, void *userdata)
{
    int64_t end_s;
    X509 *first = find_first(file, &end_s);
    int64_t left_s = end_s - clock_now_utc_ns(clock) / NS_PER_S;
    if (first && left_s < (int64_t)EXPIRY_WARN_DAYS * DAY_S) {
        char text[1600], renewal[900], left[40], day[16];
        time_t end = (time_t)end_s;
        struct tm parts;
        strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&end, &parts));
        snprintf(left, sizeof(left), "ends in %lld day%s, on", (long long)(left_s / DAY_S),
            PLURAL(left_s / DAY_S));
        put_renewal(first, file, renewal, sizeof(renewal));
        snprintf(text, sizeof(text), "%s: a certificate in it %s %s; %s", file,
            left_s < 0 ? "has expired on" : left, day, renewal);
        tell(text, userdata);
    }
    X509_free(first);
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
