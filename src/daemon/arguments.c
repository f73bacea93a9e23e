/* SPDX-License-Identifier: MIT */
/* Options, their help and getopt's own table come from one table. */
#include "daemon/arguments.h"

#include <getopt.h>
#include <string.h>

#include "base/base.h"
#include "base/nearest.h"

enum key {
    WORD = 1, /* getopt's, for what is no option */
    CONFIG = 256,
    GRPC,
    ENDPOINTS,
    STATE,
    DATA,
    CHECK,
    READ_ONLY,
    INSECURE,
    LEVEL,
    FORMAT,
    SCHEMA,
    HELP,
    VERSION
};

static const struct {
    const char *name;
    enum key key;
    int takes; /* no_argument … */
    const char *argument;
    const char *help;
} table[] = {
    {"config", CONFIG, required_argument, " FILE", "the site file; --check explains what is wrong with one"},
    {"grpc", GRPC, required_argument, " ADDR:PORT",
        "listen here instead of where the file says; may be repeated;\nport 0 takes a free one; unix:/PATH too"},
    {"endpoints", ENDPOINTS, required_argument, " FILE",
        "write the addresses as JSON when all are bound: {\"grpc\": [...], \"pid\": ...};\nremoved at the end"},
    {"state", STATE, required_argument, " DIR",
        "keep the journal here: set-points and bounds then go on after a restart,\nand simulated devices from where they were; one gateway a folder"},
    {"data", DATA, required_argument, " DIR",
        "where measured data is looked up that is not beside the site file\n(else $MICROGRIDD_DATA, else as installed)"},
    {"check", CHECK, no_argument, " [FILE]",
        "check the site file, or that of --config, and its data, and end: 0 good, 1 not"},
    {"read-only", READ_ONLY, no_argument, "", "refuse every command"},
    {"insecure-listen", INSECURE, no_argument, "",
        "let other machines in without TLS and keys; otherwise that is refused"},
    {"log-level", LEVEL, required_argument, " LEVEL", "error, warning, info (default) or debug"},
    {"log-format", FORMAT, required_argument, " F",
        "text, logfmt or json; default: text on a terminal, else logfmt"},
    {"schema", SCHEMA, optional_argument, "",
        "print a JSON Schema of the site file; --schema=markdown its manual"},
    {"help", HELP, optional_argument, "[=TOPIC]",
        "this text; with a topic, the keys of that part of a site file"},
    {"version", VERSION, no_argument, "", "print the version"},
};

static int complain_unknown(const char *given, FILE *err)
{
    char name[64];
    const char *bare = given + strspn(given, "-");
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(bare, "="), bare);
    struct nearest nearest = {.text = name};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        nearest_try(&nearest, table[i].name);
    }
    if (nearest.best) {
        fprintf(err, "microgridd: no option \"%s\"; did you mean --%s?\n", given, nearest.best);
    } else {
        fprintf(err, "microgridd: no option \"%s\"; microgridd --help lists them\n", given);
    }
    return EXIT_USAGE;
}

/* The index of `word` among `words`, or -1 after telling. */
static int parse_word(const char *option, const char *word, const char *const *words, size_t n, FILE *err)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], word) == 0) {
            return (int)i;
        }
    }
    fprintf(err, "microgridd: --%s \"%s\": allowed:", option, word);
    for (size_t i = 0; i < n; i++) {
        fprintf(err, "%s %s", i ? "," : "", words[i]);
    }
    fputc('\n', err);
    return -1;
}

static int complain_word(const char *word, FILE *err)
{
    fprintf(err, "microgridd: what is \"%s\"? The site file is given as --config FILE\n", word);
    return EXIT_USAGE;
}

static int take_log_option(struct arguments *arguments, int key, const char *word, FILE *err)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    static const char *const formats[] = {"text", "logfmt", "json"};
    if (key == LEVEL) {
        int level = parse_word("log-level", word, levels, ARRAY_LEN(levels), err);
        arguments->log_level = level < 0 ? LOG_LEVEL_INFO : (enum log_level)level;
        return level < 0 ? EXIT_USAGE : 0;
    }
    int format = parse_word("log-format", word, formats, ARRAY_LEN(formats), err);
    arguments->log_format = format < 0 ? LOG_FORMAT_AUTO : (enum log_format)(LOG_FORMAT_TEXT + format);
    return format < 0 ? EXIT_USAGE : 0;
}

static int take_option(struct arguments *arguments, int key, const char *value, FILE *err)
{
    switch (key) {
    case CONFIG:
        arguments->config = value;
        return 0;
    case GRPC:
        if (arguments->n_grpc == ARGUMENTS_MAX_LISTENERS) {
            fprintf(err, "microgridd: --grpc more than %d times\n", ARGUMENTS_MAX_LISTENERS);
            return EXIT_USAGE;
        }
        arguments->grpc[arguments->n_grpc++] = value;
        return 0;
    case ENDPOINTS:
        arguments->endpoints = value;
        return 0;
    case STATE:
        arguments->state = value;
        return 0;
    case DATA:
        arguments->data = value;
        return 0;
    case CHECK:
        arguments->verb = VERB_CHECK;
        return 0;
    case READ_ONLY:
        arguments->read_only = true;
        return 0;
    case INSECURE:
        arguments->insecure_listen = true;
        return 0;
    case SCHEMA:
        if (value && strcmp(value, "markdown") != 0 && strcmp(value, "json") != 0) {
            fprintf(err, "microgridd: --schema \"%s\": allowed: json, markdown\n", value);
            return EXIT_USAGE;
        }
        arguments->verb = value && strcmp(value, "markdown") == 0 ? VERB_MANUAL : VERB_SCHEMA;
        return 0;
    case HELP:
        arguments->verb = value ? VERB_TOPIC : VERB_HELP;
        arguments->topic = value;
        return 0;
    case VERSION:
        arguments->verb = VERB_VERSION;
        return 0;
    default:
        return take_log_option(arguments, key, value, err);
    }
}

int arguments_parse(struct arguments *arguments, int argc, char **argv, FILE *err)
{
    struct option longs[ARRAY_LEN(table) + 1] = {{0}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        longs[i] = (struct option){table[i].name, table[i].takes, NULL, table[i].key};
    }
    *arguments = (struct arguments){.log_level = LOG_LEVEL_INFO, .log_format = LOG_FORMAT_AUTO};
    opterr = 0;
    optind = 0;              /* tests parse more than once */
    const char *file = NULL; /* as --check FILE has it */
    int key;
    int seen = 1; /* the next word of argv */
    while ((key = getopt_long(argc, argv, "-:h", longs, NULL)) != -1) {
        if (key == ':') {
            fprintf(err, "microgridd: %s needs a value\n", argv[optind - 1]);
            return EXIT_USAGE;
        }
        if (key == '?') {
            return complain_unknown(argv[seen], err);
        }
        seen = optind;
        if (key == WORD) {
            if (file) {
                return complain_word(optarg, err);
            }
            file = optarg;
            continue;
        }
        int rc = take_option(arguments, key == 'h' ? HELP : key, key == 'h' ? NULL : optarg, err);
        if (rc != 0) {
            return rc;
        }
    }
    if (optind < argc) {
        return complain_word(argv[optind], err);
    }
    if (file && (arguments->verb != VERB_CHECK || arguments->config)) {
        return complain_word(file, err);
    }
    arguments->config = file ? file : arguments->config;
    if (!arguments->config && (arguments->verb == VERB_RUN || arguments->verb == VERB_CHECK)) {
        fputs(
            "microgridd: no site file; microgridd --config FILE   (microgridd --help shows examples)\n", err);
        return EXIT_USAGE;
    }
    return 0;
}

void arguments_help(FILE *to)
{
    fputs("usage: microgridd --config FILE [OPTION...]\n"
          "A microgrid gateway: serves a site through the Frequenz Microgrid API v1 over gRPC.\n\n",
        to);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char left[40];
        snprintf(left, sizeof(left), "--%s%s", table[i].name, table[i].argument);
        const char *line = table[i].help;
        size_t len = strcspn(line, "\n");
        fprintf(to, "  %-21s %.*s\n", left, (int)len, line);
        for (line += len; *line == '\n'; line += len) {
            len = strcspn(++line, "\n");
            fprintf(to, "  %-21s %.*s\n", "", (int)len, line);
        }
    }
    fputs("\nExamples\n"
          "  microgridd --config share/site-default.yaml\n"
          "  microgridd --check site.yaml\n"
          "  microgridd --config site.yaml --grpc 127.0.0.1:0 --endpoints /run/user/1000/gateway.json\n"
          "  microgridd --help=battery\n\n"
          "Ends within 3 s at SIGTERM, Ctrl-C or when its terminal goes away (SIGHUP), at the second\n"
          "SIGTERM or Ctrl-C at once. Exit status: 0 as asked, 1 something failed, 2 wrong command line\n"
          "or site file.\n\n",
        to);
}
