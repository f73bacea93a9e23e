/* SPDX-License-Identifier: MIT */
/* cert init makes what a gateway needs for TLS, and what its clients show; cert check tells how long it is
 * good. */
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
    char authority[4096], authority_key[4096], own[4096], own_key[4096];
};

/* `name`: of what is made, "server" or a client's. */
static void name_paths(struct paths *paths, const char *folder, const char *name)
{
    const char *glue = folder ? "/" : "";
    folder = folder ? folder : "";
    snprintf(paths->authority, sizeof(paths->authority), "%s%sca.pem", folder, glue);
    snprintf(paths->authority_key, sizeof(paths->authority_key), "%s%sca-key.pem", folder, glue);
    snprintf(paths->own, sizeof(paths->own), "%s%s%s.pem", folder, glue, name);
    snprintf(paths->own_key, sizeof(paths->own_key), "%s%s%s-key.pem", folder, glue, name);
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
    return rc ? rc : certificate_write(server, paths->own, paths->own_key, force, st);
}

static int show_made(const struct ctl *ctl, const struct paths *paths, bool new_authority, const char *host)
{
    if (ctl->json) {
        return json_print(json_pack("{s:s, s:s, s:s, s:s, s:b}", "ca", paths->authority, "ca_key",
            paths->authority_key, "certificate", paths->own, "key", paths->own_key, "new_ca", new_authority));
    }
    printf("authority    %s%s\n", paths->authority,
        new_authority ? ", new: give it to every client" : ", as it was: clients need nothing new");
    printf("             %s, signs further ones: keep it off the gateway\n", paths->authority_key);
    printf("certificate  %s\nkey          %s\n", paths->own, paths->own_key);
    printf("in the site file   listen: {tls: {certificate: %s, key: %s}}\n", paths->own, paths->own_key);
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

/* With its parents; if it fails, writing tells. */
static void make_folder(const char *folder)
{
    char *path = must(strdup(folder));
    for (char *at = path + 1; *path && *at; at++) {
        if (*at == '/') {
            *at = '\0';
            mkdir(path, S_IRWXU);
            *at = '/';
        }
    }
    mkdir(path, S_IRWXU);
    free(path);
}

static int init_server(const struct ctl *ctl, const char *folder, const char *const *hosts, size_t n_hosts,
    long days, bool force)
{
    struct paths paths;
    struct certificate authority = {.x509 = NULL}, server = {.x509 = NULL};
    struct ugrpc_status st;
    bool new_authority = false;
    int rc;
    name_paths(&paths, folder, "server");
    if (folder) {
        make_folder(folder);
    }
    if (!force && access(paths.own, F_OK) == 0) {
        rc = report_failed("%s: is there already; --force replaces it (the authority stays)", paths.own);
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

static int show_client(const struct ctl *ctl, const struct paths *paths, const char *name)
{
    if (ctl->json) {
        return json_print(json_pack("{s:s, s:s, s:s, s:s}", "ca", paths->authority, "certificate", paths->own,
            "key", paths->own_key, "client", name));
    }
    printf("certificate  %s\nkey          %s\n", paths->own, paths->own_key);
    printf("in the site file   listen: {tls: {client_ca: %s}}\n", paths->authority);
    printf("with it            microgridctl info --target HOST:50051 --ca %s --cert %s --cert-key %s\n",
        paths->authority, paths->own, paths->own_key);
    return CTL_DONE;
}

/* Signed by the authority that is there: another would be believed by no gateway. */
static int init_client(const struct ctl *ctl, const char *folder, const char *name, long days, bool force)
{
    struct paths paths;
    struct certificate authority = {.x509 = NULL}, client = {.x509 = NULL};
    struct ugrpc_status st;
    int rc;
    name_paths(&paths, folder, name);
    if (access(paths.authority, F_OK) != 0) {
        return report_failed("%s: there is no authority to sign it      first: microgridctl cert init --host "
                             "NAME-OR-ADDRESS%s%s",
            paths.authority, folder ? " --folder " : "", folder ? folder : "");
    }
    if (!force && access(paths.own, F_OK) == 0) {
        rc = report_failed("%s: is there already; --force replaces it", paths.own);
    } else if (certificate_read(&authority, paths.authority, paths.authority_key, &st) < 0 ||
               certificate_make_client(&client, &authority, name, days, &st) < 0 ||
               certificate_write(&client, paths.own, paths.own_key, force, &st) < 0) {
        rc = report_failed("%s", st.message);
    } else {
        rc = show_client(ctl, &paths, name);
    }
    certificate_done(&authority);
    certificate_done(&client);
    return rc;
}

/* A name whose files would be the server's or the authority's is none. */
static int check_client(const char *name)
{
    static const char *const taken[] = {"ca", "ca-key", "server", "server-key"};
    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        if (strcmp(name, taken[i]) == 0) {
            return report_usage("--client \"%s\": %s.pem is not a client's; another name is due", name, name);
        }
    }
    return certificate_is_client(name)
               ? 0
               : report_usage(
                     "--client \"%s\": letters, digits, \".\", \"-\" and \"_\" are due, like ems", name);
}

int command_cert_init(struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;
    const char *hosts[MAX_HOSTS], *host;
    size_t n_hosts = 0, at = 0;
    long days;
    while ((host = arguments_next(arguments, OPTION_HOST, &at))) {
        if (n_hosts == MAX_HOSTS) {
            return report_usage("--host \"%s\": a certificate has %d names at most", host, MAX_HOSTS);
        }
        if (!certificate_is_host(host)) {
            return report_usage(
                "--host \"%s\": a name or an address alone is due, like gw.local or 10.0.0.7", host);
        }
        hosts[n_hosts++] = host;
    }
    const char *client = arguments_value(arguments, OPTION_CLIENT);
    const char *folder = arguments_value(arguments, OPTION_FOLDER);
    bool force = arguments_has(arguments, OPTION_FORCE);
    int rc = parse_days(ctl, &days);
    rc = rc || !client ? rc : check_client(client);
    if (rc) {
        return rc;
    }
    if (client) {
        return init_client(ctl, folder, client, days, force);
    }
    if (n_hosts == 0) {
        return report_usage(
            "whose certificate? microgridctl cert init --host NAME-OR-ADDRESS, or --client NAME");
    }
    return init_server(ctl, folder, hosts, n_hosts, days, force);
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

/* How to get a new one: a command that does it, where one does. */
static const char *put_renewal(X509 *x509, const char *file, char *out, size_t cap)
{
    const char *slash = strrchr(file, '/');
    char options[400];
    certificate_options(x509, options, sizeof(options));
    if (!*options) {
        snprintf(out, cap, "whoever issued it makes a new one");
        return out;
    }
    snprintf(out, cap, "a new one: microgridctl cert init%s%s%.*s --force", options,
        slash ? " --folder " : "", slash ? (int)(slash - file) + (slash == file) : 0, file);
    return out;
}

static int check(const struct ctl *ctl, const char *file, json_t *all)
{
    struct certificate certificate = {.x509 = NULL};
    struct ugrpc_status st;
    char names[400], first[40], last[40], renewal[900];
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
    put_renewal(certificate.x509, file, renewal, sizeof(renewal));
    certificate_done(&certificate);
    json_array_append_new(all,
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:b}", "file", file, "names", names, "from", first, "until",
            last, "days", days, "good", !expired && !early, "soon", !expired && days < WARN_DAYS));
    if (expired || early) {
        return report_failed("%s: for %s, %s %s      %s", file, names,
            expired ? "has expired on" : "is not valid before", expired ? last : first, renewal);
    }
    if (!ctl->json) {
        printf("%s: for %s, good until %s (%d days)\n", file, names, last, days);
    }
    if (days < WARN_DAYS) {
        fprintf(stderr, "%s: expires in %d days      %s\n", file, days, renewal);
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
