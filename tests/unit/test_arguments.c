/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "daemon/arguments.h"

#define MAX_WORDS 40

/* Parses the blank-separated words; what was said is in `said`. */
static int parse(struct arguments *arguments, const char *line, char said[512])
{
    static char words[1024]; /* the arguments point into it */
    char program[] = "microgridd";
    char *argv[MAX_WORDS + 2] = {program};
    int argc = 1;
    assert_true(strlen(line) < sizeof(words));
    strcpy(words, line);
    for (char *word = strtok(words, " "); word && argc <= MAX_WORDS; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    memset(said, 0, 512);
    FILE *err = fmemopen(said, 511, "w");
    assert_non_null(err);
    int rc = arguments_parse(arguments, argc, argv, err);
    fclose(err);
    return rc;
}

static void every_option_is_taken(void **state)
{
    struct arguments arguments;
    char said[512];
    assert_int_equal(
        parse(&arguments,
            "--config site.yaml --grpc 127.0.0.1:0 --grpc=unix:/x --endpoints e --state s --data d "
            "--read-only --insecure-listen --log-level debug --log-format json",
            said),
        0);
    assert_int_equal(arguments.verb, VERB_RUN);
    assert_string_equal(arguments.config, "site.yaml");
    assert_int_equal(arguments.n_grpc, 2);
    assert_string_equal(arguments.grpc[1], "unix:/x");
    assert_string_equal(arguments.endpoints, "e");
    assert_string_equal(arguments.state, "s");
    assert_string_equal(arguments.data, "d");
    assert_true(arguments.read_only);
    assert_true(arguments.insecure_listen);
    assert_int_equal(arguments.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(arguments.log_format, LOG_FORMAT_JSON);
}

static void verbs_need_no_site_file_but_check(void **state)
{
    struct arguments arguments;
    char said[512];
    assert_int_equal(parse(&arguments, "--help", said), 0);
    assert_int_equal(arguments.verb, VERB_HELP);
    assert_int_equal(parse(&arguments, "--help=meter", said), 0);
    assert_string_equal(arguments.topic, "meter");
    assert_int_equal(parse(&arguments, "--version", said), 0);
    assert_int_equal(arguments.verb, VERB_VERSION);
    assert_int_equal(parse(&arguments, "--schema", said), 0);
    assert_int_equal(arguments.verb, VERB_SCHEMA);
    assert_int_equal(parse(&arguments, "--check", said), EXIT_USAGE);
    assert_non_null(strstr(said, "no site file"));
}

static void check_takes_the_site_file_with_config_or_without(void **state)
{
    static const char *const lines[] = {
        "--check site.yaml", "site.yaml --check", "--check --config site.yaml", "--check site.yaml --data d"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct arguments arguments;
        char said[512];
        assert_int_equal(parse(&arguments, lines[i], said), 0);
        assert_int_equal(arguments.verb, VERB_CHECK);
        assert_string_equal(arguments.config, "site.yaml");
    }
}

static void what_is_wrong_is_told(void **state)
{
    static const struct {
        const char *line, *said;
    } cases[] = {
        {"", "microgridd: no site file; microgridd --config FILE   (microgridd --help shows examples)\n"},
        {"--confg x", "microgridd: no option \"--confg\"; did you mean --config?\n"},
        {"--config x --readonly", "microgridd: no option \"--readonly\"; did you mean --read-only?\n"},
        {"--frobnicate=3", "microgridd: no option \"--frobnicate=3\"; microgridd --help lists them\n"},
        {"--config", "microgridd: --config needs a value\n"},
        {"site.yaml", "microgridd: what is \"site.yaml\"? The site file is given as --config FILE\n"},
        {"--config site.yaml other.yaml",
            "microgridd: what is \"other.yaml\"? The site file is given as --config FILE\n"},
        {"--check site.yaml other.yaml",
            "microgridd: what is \"other.yaml\"? The site file is given as --config FILE\n"},
        {"--check site.yaml --config other.yaml",
            "microgridd: what is \"site.yaml\"? The site file is given as --config FILE\n"},
        {"--check site.yaml --readonly", "microgridd: no option \"--readonly\"; did you mean --read-only?\n"},
        {"--log-level loud", "microgridd: --log-level \"loud\": allowed: error, warning, info, debug\n"},
        {"--log-format xml", "microgridd: --log-format \"xml\": allowed: text, logfmt, json\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arguments arguments;
        char said[512];
        assert_int_equal(parse(&arguments, cases[i].line, said), EXIT_USAGE);
        assert_string_equal(said, cases[i].said);
    }
}

static void too_many_listeners_are_refused(void **state)
{
    char line[1024] = "", said[512];
    struct arguments arguments;
    for (int i = 0; i <= ARGUMENTS_MAX_LISTENERS; i++) {
        strcat(line, "--grpc=a:1 ");
    }
    assert_int_equal(parse(&arguments, line, said), EXIT_USAGE);
    assert_string_equal(said, "microgridd: --grpc more than 16 times\n");
}

static void the_help_names_every_option(void **state)
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    arguments_help(to);
    fclose(to);
    assert_non_null(strstr(text, "--insecure-listen"));
    assert_non_null(strstr(text, "Examples"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_taken),
        cmocka_unit_test(verbs_need_no_site_file_but_check),
        cmocka_unit_test(check_takes_the_site_file_with_config_or_without),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(too_many_listeners_are_refused),
        cmocka_unit_test(the_help_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
