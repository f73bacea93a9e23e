/* SPDX-License-Identifier: MIT */
/* cert init makes what a gateway needs for TLS; cert check tells how long it is good. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/certificate.h"
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/report.h"

#define DAYS      397
#define WARN_DAYS 30
#define MAX_HOSTS 32

struct paths {
    char authority[4096], authority_key[4096], server[4096], server_key[4096];
};

static void name_paths(struct paths *paths, const char *folder)
{
    const char *glue = folder ? "/" : "";
    folder = folder ? folder : "";
    snprintf(paths->authority, sizeof(paths->authority), "%s%sca.pem", folder, glue);
    snprintf(paths->authority_key, sizeof(paths->authority_key), "%s%sca-key.pem", folder, glue);
    snprintf(paths->server, sizeof(paths->server), "%s%sserver.pem", folder, glue);
    snprintf(paths->server_key, sizeof(paths->server_key), "%s%sserver-key.pem", folder, glue);
}

/* An authority that is there is used again, so that clients that trust it trust the new certificate too. */
static int get_authority(
    struct certificate *authority, const struct paths *paths, bool *made, struct ugrpc_status *st)
{
    *made = access(paths->authority, F_OK) != 0;
    return *made ? certificate_make_authority(authority, "Microgrid gateway CA", st)
                 : certificate_read(authority, paths->authority, paths->authority_key, st);
}

static int write_all(const struct certificate *authority, const struct certificate *server,
    const struct paths *paths, bool new_authority, bool force, struct ugrpc_status *st)
{
    int rc = new_authority ? certificate_write(authority, paths->authority, paths->authority_key, false, st)
                           : 0;
    return rc ? rc : certificate_write(server, paths->server, paths->server_key, force, st);
}

static int show_made(const struct ctl *ctl, const struct paths *paths, bool new_authority, const char *host)
{
    if (ctl->json) {
        return json_print(
            json_pack("{s:s, s:s, s:s, s:s, s:b}", "ca", paths->authority, "ca_key", paths->authority_key,
                "certificate", paths->server, "key", paths->server_key, "new_ca", new_authority));
    }
    printf("authority    %s%s\n", paths->authority,
        new_authority ? ", new: give it to every client" : ", as it was: clients need nothing new");
    printf("             %s, signs further ones: keep it off the gateway\n", paths->authority_key);
    printf("certificate  %s\nkey          %s\n", paths->server, paths->server_key);
    printf(
        "in the site file   listen: {tls: {certificate: %s, key: %s}}\n", paths->server, paths->server_key);
    printf("from elsewhere     microgridctl info --target %s:50051 --ca %s\n", host, paths->authority);
    return CTL_DONE;
}

static int parse_days(const struct ctl *ctl, long *days)
{
    const char *text = arguments_value(&ctl->arguments, OPTION_DAYS);
    char *end;
    *days = text ? strtol(text, &end, 10) : DAYS;
    if (text && (*end || *days < 1 || *days > 3650)) {
        return report_usage("--days \"%s\": 1 to 3650 is due", text);
    }
    return 0;
}

int command_cert_init(struct ctl *ctl)
{
    const char *hosts[MAX_HOSTS], *host;
    size_t n_hosts = 0, at = 0;
    long days;
    while ((host = arguments_next(&ctl->arguments, OPTION_HOST, &at)) && n_hosts < MAX_HOSTS) {
        if (!certificate_is_host(host)) {
            return report_usage(
                "--host \"%s\": a name or an address alone is due, like gw.local or 10.0.0.7", host);
        }
        hosts[n_hosts++] = host;
    }
    if (n_hosts == 0) {
        return report_usage("whose certificate? microgridctl cert init --host NAME-OR-ADDRESS");
    }
    int rc = parse_days(ctl, &days);
    if (rc) {
        return rc;
    }
    struct paths paths;
    struct certificate authority = {.x509 = NULL}, server = {.x509 = NULL};
    struct ugrpc_status st;
    bool new_authority = false, force = arguments_has(&ctl->arguments, OPTION_FORCE);
    const char *folder = arguments_value(&ctl->arguments, OPTION_FOLDER);
    name_paths(&paths, folder);
    if (folder) {
        mkdir(folder, S_IRWXU); /* if it fails, writing tells */
    }
    if (!force && access(paths.server, F_OK) == 0) {
        rc = report_failed("%s: is there already; --force replaces it (the authority stays)", paths.server);
    } else if (get_authority(&authority, &paths, &new_authority, &st) < 0 ||
               certificate_make_server(&server, &authority, hosts, n_hosts, days, &st) < 0 ||
               write_all(&authority, &server, &paths, new_authority, force, &st) < 0) {
        rc = report_failed("%s", st.message);
    } else {
        rc = show_made(ctl, &paths, new_authority, hosts[0]);
    }
    certificate_done(&authority);
    certificate_done(&server);
    return rc;
}

/* ---- check ---- */

static void format_day(const ASN1_TIME *at, char *out, size_t cap)
{
    struct tm parts = {0};
    ASN1_TIME_to_tm(at, &parts);
    snprintf(out, cap, "%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

/* Whole days from now; negative: past. */
static int days_until(const ASN1_TIME *at)
{
    int days = 0, seconds = 0;
    ASN1_TIME_diff(&days, &seconds, NULL, at);
    return days < 0 || (days == 0 && seconds >= 0) || seconds >= 0 ? days : days - 1;
}

static int check(const struct ctl *ctl, const char *file, json_t *all)
{
    struct certificate certificate = {.x509 = NULL};
    struct ugrpc_status st;
    char names[400], first[40], last[40];
    if (certificate_read(&certificate, file, NULL, &st) < 0) {
        return report_failed("%s", st.message);
    }
    const ASN1_TIME *from = X509_get0_notBefore(certificate.x509),
                    *until = X509_get0_notAfter(certificate.x509);
    int days = days_until(until);
    bool expired = X509_cmp_current_time(until)<0, early = X509_cmp_current_time(from)> 0;
    certificate_names(certificate.x509, names, sizeof(names));
    format_day(from, first, sizeof(first));
    format_day(until, last, sizeof(last));
    certificate_done(&certificate);
    json_array_append_new(all,
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:b}", "file", file, "names", names, "from", first, "until",
            last, "days", days, "good", !expired && !early, "soon", !expired && days < WARN_DAYS));
    if (expired || early) {
        return report_failed("%s: for %s, %s %s      a new one: microgridctl cert init --force --host NAME",
            file, names, expired ? "has expired on" : "is not valid before", expired ? last : first);
    }
    if (!ctl->json) {
        printf("%s: for %s, good until %s (%d days)\n", file, names, last, days);
    }
    if (days < WARN_DAYS) {
        fprintf(stderr, "%s: expires in %d days      a new one: microgridctl cert init --force --host NAME\n",
            file, days);
    }
    return CTL_DONE;
}

int command_cert_check(struct ctl *ctl)
{
    json_t *all = json_array();
    int rc = CTL_DONE;
    for (size_t i = 0; i < ctl->arguments.n_operands; i++) {
        int one = check(ctl, ctl->arguments.operands[i], all);
        rc = one ? one : rc;
    }
    if (ctl->json && rc == CTL_DONE) {
        return json_print(all);
    }
    json_decref(all);
    return rc;
}
