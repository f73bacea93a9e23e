/* SPDX-License-Identifier: MIT */
#include "ctl/report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ugrpc/channel.h>

#include "ctl/ctl.h"
#include "ctl/table.h"

#define CODE_COLUMN 72 /* where a status code stands, if the message leaves room */

#define ADVICE_PLAIN                                                                                         \
    "plain text on purpose: --insecure          TLS on the gateway: microgridctl cert init --host NAME"
#define ADVICE_PORT "that is no gateway's port, or no gateway: another one: --target HOST:PORT (port 50051)"
#define ADVICE_CERT "it does not trust yours: --cert FILE, signed by an authority in its client_ca"
#define ADVICE_TLS  "encrypted: --tls, and --ca FILE unless a public authority signed its certificate"

/* What helps, by words of the message. */
struct advice {
    const char *words, *advice;
};

static const struct advice unreachable[] = {
    {"answers without TLS", ADVICE_PLAIN},
    {"may speak no TLS", ADVICE_PLAIN},
    {"answers with TLS", ADVICE_TLS},
    {"may want TLS", ADVICE_TLS},
    {"alert certificate required", "it asks for a client certificate: --cert FILE --cert-key FILE"},
    {"alert unknown ca", ADVICE_CERT},
    {"alert decrypt error", ADVICE_CERT}, /* its authority has the same name, but another key */
    {"alert certificate expired", "until when yours was good: microgridctl cert check FILE"},
    {"has expired",
        "until when it was good: microgridctl cert check FILE      a new one: microgridctl cert init --host NAME --force"},
    {"certificate is for",
        "the target by that name: --target NAME:PORT      or expect it: --server-name NAME"},
    {"signed by nobody", "whom to trust: --ca FILE, the ca.pem that microgridctl cert init wrote"},
    {"refused", "does it run? microgridd --config FILE      another one: --target HOST:PORT"},
    {"answers with HTTP/1.1", ADVICE_PORT},
    {"does not answer with HTTP/2", ADVICE_PORT},
    {"without a word of HTTP/2", ADVICE_PORT},
    {"no HTTP/2 within", ADVICE_PORT},
    {"host ", "another name: --target HOST:PORT, or MICROGRID_TARGET"},
};

static const struct advice denied[] = {
    {"--read-only",
        "whoever runs the gateway may start it without --read-only; what it tells: microgridctl list"},
    {"control: off",
        "whoever runs the gateway may set control: on in its site file; what it tells: microgridctl list"},
    {"needs the role",
        "another key: --key-file FILE      one with that role: microgridctl key new NAME --role ROLE --keys FILE"},
    {"may not command it",
        "another key: --key-file FILE      one for it: microgridctl key new NAME --components LIST --keys FILE"},
    {"", "another key, which may: --key-file FILE, or MICROGRID_KEY_FILE"},
};

static const struct advice foreign[] = {
    {"does not answer as a gRPC server", ADVICE_PORT},
};

static const struct advice unauthenticated[] = {
    {"\"key\" is needed", "show a key: --key-file FILE, or MICROGRID_KEY_FILE"},
    {"\"key\" is not known",
        "another key: --key-file FILE      a new one: microgridctl key new NAME --keys FILE"},
    {"signs its calls", "sign them: --secret-file FILE, or MICROGRID_SECRET_FILE"},
    {"\"sig\" is not this call's", "the secret that was made with the key: --secret-file FILE"},
    {"has no secret", "do not sign: leave out --secret-file"},
    {"this gateway's clock", "the clock of this machine, or of the gateway, is to be set"},
};

static const char *find_advice(const struct advice *table, size_t n, const char *message)
{
    for (size_t i = 0; i < n; i++) {
        if (strstr(message, table[i].words)) {
            return table[i].advice;
        }
    }
    return NULL;
}

static bool as_json; /* how to speak, from where --json was read on */

void report_as_json(bool json)
{
    as_json = json;
}

static const char *const words[] = {[CTL_REFUSED] = "refused",
    [CTL_USAGE] = "usage",
    [CTL_UNREACHABLE] = "unreachable",
    [CTL_FAILED] = "failed"};

static int tell(enum ctl_exit status, const char *message, const char *code, const char *next)
{
    bool kind = status == CTL_REFUSED || status == CTL_FAILED;
    int len = fprintf(stderr, "%s%s%s", kind ? words[status] : "", kind ? ": " : "", message);
    if (kind && code) {
        fprintf(stderr, "%*s%s", len < CODE_COLUMN ? CODE_COLUMN - len : 2, "", code);
    }
    fprintf(stderr, next ? "\n  %s\n" : "\n", next);
    if (as_json) {
        json_t *error = json_pack("{s:{s:s, s:s, s:s*, s:s*}}", "error", "kind", words[status], "message",
            message, "code", code, "next", next);
        json_dumpf(must(error), stdout, JSON_INDENT(2));
        fputc('\n', stdout);
        json_decref(error);
    }
    return status;
}

__attribute__((format(printf, 3, 0))) static int tell_text(
    enum ctl_exit status, const char *next, const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof(text), format, args);
    text_clean(text);
    return tell(status, text, NULL, next);
}

int report_usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = tell_text(CTL_USAGE, NULL, format, args);
    va_end(args);
    return status;
}

int report_usage_next(const char *next, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = tell_text(CTL_USAGE, next, format, args);
    va_end(args);
    return status;
}

int report_failed(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = tell_text(CTL_FAILED, NULL, format, args);
    va_end(args);
    return status;
}

/* The gateway is not there, rather than that it said no. */
static bool is_unreachable(const struct ctl *ctl, const struct ugrpc_status *st)
{
    return (st->code == UGRPC_UNAVAILABLE || st->code == UGRPC_DEADLINE_EXCEEDED) &&
           ugrpc_channel_connectivity(ctl->channel, false) != UGRPC_READY;
}

static int tell_unreachable(const struct ctl *ctl, const struct ugrpc_status *st, const char *advice)
{
    char late[600];
    const char *message = st->message;
    if (st->code == UGRPC_DEADLINE_EXCEEDED) {
        snprintf(late, sizeof(late), "cannot reach %s: nothing answers within %g s", ctl->target,
            (double)ctl_timeout_ms(ctl, false) / 1e3);
        message = late;
        advice = advice ? advice : "another one: --target HOST:PORT      more time: --timeout 60s";
    }
    advice = advice ? advice : find_advice(unreachable, ARRAY_LEN(unreachable), message);
    return tell(CTL_UNREACHABLE, message, ugrpc_code_name((int)st->code), advice);
}

int report_status(const struct ctl *ctl, const struct ugrpc_status *st, const char *next)
{
    struct ugrpc_status clean = *st;
    text_clean(clean.message);
    if (is_unreachable(ctl, st)) {
        return tell_unreachable(ctl, &clean, next);
    }
    enum ctl_exit status = CTL_REFUSED;
    switch (st->code) {
    case UGRPC_UNAUTHENTICATED:
        next = next ? next : find_advice(unauthenticated, ARRAY_LEN(unauthenticated), clean.message);
        break;
    case UGRPC_PERMISSION_DENIED:
        next = next ? next : find_advice(denied, ARRAY_LEN(denied), clean.message);
        break;
    case UGRPC_DEADLINE_EXCEEDED:
        next = next ? next : "more time: --timeout 60s";
        status = CTL_FAILED;
        break;
    case UGRPC_CANCELLED:
    case UGRPC_UNKNOWN:
    case UGRPC_INTERNAL:
    case UGRPC_UNAVAILABLE:
    case UGRPC_DATA_LOSS:
        status = CTL_FAILED;
        break;
    default:
        break;
    }
    next = next ? next : find_advice(foreign, ARRAY_LEN(foreign), clean.message);
    return tell(status, clean.message, ugrpc_code_name((int)st->code), next);
}
