/* SPDX-License-Identifier: MIT */
#include "ctl/option.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

const struct option option_table[OPTIONS] = {
    [OPTION_TARGET] = {"target", "HOST:PORT", "the gateway (127.0.0.1:50051; port 50051); also unix:/PATH",
        true},
    [OPTION_TLS] = {"tls", NULL, "encrypted; the default for other machines", true},
    [OPTION_INSECURE] = {"insecure", NULL, "plain text; the default on this machine", true},
    [OPTION_CA] = {"ca", "FILE", "whom to trust, PEM (the system's roots)", true, PROPOSE_FILE},
    [OPTION_CERT] = {"cert", "FILE", "own certificate, PEM, where the gateway asks for one", true,
        PROPOSE_FILE},
    [OPTION_CERT_KEY] = {"cert-key", "FILE", "and its private key", true, PROPOSE_FILE},
    [OPTION_SERVER_NAME] = {"server-name", "NAME", "expect a certificate for NAME, not for the target", true},
    [OPTION_KEY] = {"key", "KEY", "API key; others on this machine can see it, in --key-file not", true},
    [OPTION_KEY_FILE] = {"key-file", "FILE", "a file with the API key in its first line", true, PROPOSE_FILE},
    [OPTION_SECRET_FILE] = {"secret-file", "FILE", "sign each call with the secret in FILE", true,
        PROPOSE_FILE},
    [OPTION_TIMEOUT] = {"timeout", "TIME", "for an answer (10 s; start, standby, stop: 40 s)", true},
    [OPTION_JSON] = {"json", NULL, "for programs: JSON on stdout, errors too", true},
    [OPTION_CONFIG] = {"config", "FILE", "instead of ~/.config/microgridctl.yaml", false, PROPOSE_FILE},
    [OPTION_HELP] = {"help", NULL, "this text, or that of a command"},
    [OPTION_VERSION] = {"version", NULL, "print the version"},
    [OPTION_CATEGORY] = {"category", "WORD",
        "only these: inverter, battery, meter, pv_inverter …; may be repeated", false, PROPOSE_CATEGORY},
    [OPTION_NAMES] = {"names", NULL, "only the names, one a line"},
    [OPTION_METRIC] = {"metric", "NAME", "these metrics; may be repeated, or a,b,c", false, PROPOSE_METRIC},
    [OPTION_FOR] = {"for", "TIME", "how long, like 30s or 15m"},
    [OPTION_HOLD] = {"hold", NULL, "renew it until Ctrl-C"},
    [OPTION_PLOT] = {"plot", NULL, "begin with the chart instead of the table"},
    [OPTION_COUNT] = {"count", "N", "end after N samples of each"},
    [OPTION_OUTPUT] = {"output", "FILE", "write there instead of to stdout", false, PROPOSE_FILE},
    [OPTION_HOST] = {"host", "NAME", "name or address that clients will use; may be repeated"},
    [OPTION_CLIENT] = {"client", "NAME", "a client's certificate instead, which shows who it is"},
    [OPTION_FOLDER] = {"folder", "DIR", "where the files go (the present one)", false, PROPOSE_FOLDER},
    [OPTION_DAYS] = {"days", "N", "how long the certificate is good (397)"},
    [OPTION_FORCE] = {"force", NULL, "replace files that are there"},
    [OPTION_KEYS] = {"keys", "FILE", "append the line to this keys file of the gateway", false, PROPOSE_FILE},
    [OPTION_ROLE] = {"role", "ROLE", "viewer, operator (the default) or admin", false, PROPOSE_ROLE},
    [OPTION_COMPONENTS] = {"components", "LIST", "may command only these: names or ids, like 4,pv_inv"},
    [OPTION_SIGN] = {"sign", "FILE", "its calls must be signed, with the secret that is written to FILE",
        false, PROPOSE_FILE},
    [OPTION_SINCE] = {"since", "TIME",
        "from then on: 1h (ago), today, yesterday, 12:06, 2026-01-31, \"2026-01-31 12:06\"", false,
        PROPOSE_DAY},
    [OPTION_COMPONENT] = {"component", "NAME", "only of this one; may be repeated", false, PROPOSE_COMPONENT},
    [OPTION_FOLLOW] = {"follow", NULL, "then each new one as it comes, until Ctrl-C"},
    [OPTION_CSV] = {"csv", NULL, "lines of CSV, with a heading"},
};

int option_find(const char *name)
{
    for (int i = 0; i < OPTIONS; i++) {
        if (strcmp(option_table[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

bool option_are_rivals(enum option_id a, enum option_id b)
{
    static const enum option_id rivals[][2] = {{OPTION_TLS, OPTION_INSECURE}, {OPTION_CA, OPTION_INSECURE},
        {OPTION_CERT, OPTION_INSECURE}, {OPTION_SERVER_NAME, OPTION_INSECURE}, {OPTION_KEY, OPTION_KEY_FILE},
        {OPTION_FOR, OPTION_HOLD}, {OPTION_CSV, OPTION_JSON}, {OPTION_HOST, OPTION_CLIENT}};
    for (unsigned i = 0; i < ARRAY_LEN(rivals); i++) {
        if ((rivals[i][0] == a && rivals[i][1] == b) || (rivals[i][0] == b && rivals[i][1] == a)) {
            return true;
        }
    }
    return false;
}

void option_variable(const struct option *option, char *out, unsigned cap)
{
    snprintf(out, cap, "MICROGRID_%s", option->name);
    for (char *c = out; *c; c++) {
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    }
}
