/* SPDX-License-Identifier: MIT */
/* microgridctl's command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ctl/arguments.h"
#include "ctl/ctl.h"
#include "ctl/report.h"

static struct arguments arguments;

/* Nothing but the line counts: no file, no variables. */
static int set_up(void **state)
{
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    unsetenv("MICROGRID_CONFIG");
    for (int i = 0; i < OPTIONS; i++) {
        char name[64];
        option_variable(&option_table[i], name, sizeof(name));
        unsetenv(name);
    }
    return 0;
}

static int tear_down(void **state)
{
    report_as_json(false);
    arguments_done(&arguments);
    return 0;
}

static int parse(const char *const *words)
{
    const char *argv[16] = {"microgridctl"};
    int argc = 1;
    while (*words) {
        argv[argc++] = *words++;
    }
    arguments_done(&arguments);
    return arguments_parse(&arguments, argc, (char **)argv);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void options_stand_anywhere(void **state)
{
    assert_int_equal(PARSE("--target", "a:1", "charge", "--json", "x", "5kW", "--for=2m"), CTL_DONE);
    assert_string_equal(arguments.command->name, "charge");
    assert_int_equal(arguments.n_operands, 2);
    assert_string_equal(arguments.operands[1], "5kW");
    assert_string_equal(arguments_value(&arguments, OPTION_TARGET), "a:1");
    assert_string_equal(arguments_value(&arguments, OPTION_FOR), "2m");
    assert_true(arguments_has(&arguments, OPTION_JSON));
    assert_false(arguments_has(&arguments, OPTION_HOLD));
}

static void a_leading_minus_of_a_number_is_an_operand(void **state)
{
    assert_int_equal(PARSE("set-power", "x", "-3.5kW"), CTL_DONE);
    assert_string_equal(arguments.operands[1], "-3.5kW");
    assert_int_equal(PARSE("set-power", "x", "-.5kW"), CTL_DONE);
    assert_int_equal(PARSE("bounds", "add", "x", "power", "-2kW..4kW"), CTL_DONE);
    assert_int_equal(PARSE("set-power", "-x", "1kW"), CTL_USAGE);
    assert_int_equal(PARSE("set-power", "--", "-x", "1kW"), CTL_DONE);
    assert_string_equal(arguments.operands[0], "-x");
    assert_int_equal(PARSE("list", "--category", "-1"), CTL_DONE);
    assert_string_equal(arguments_value(&arguments, OPTION_CATEGORY), "-1");
}

static void commands_may_have_two_words(void **state)
{
    assert_int_equal(PARSE("--json", "bounds", "--for", "1m", "add", "x", "power", "1W..2W"), CTL_DONE);
    assert_string_equal(arguments.command->name, "bounds add");
    assert_int_equal(arguments.n_operands, 3);
    assert_int_equal(PARSE("bounds"), CTL_USAGE);
    assert_int_equal(PARSE("bounds", "sub"), CTL_USAGE);
    assert_int_equal(PARSE("cert"), CTL_USAGE);
}

static void what_does_not_belong_is_refused(void **state)
{
    assert_int_equal(PARSE("--json"), CTL_USAGE);
    assert_int_equal(PARSE("lst"), CTL_USAGE);
    assert_int_equal(PARSE("list", "extra"), CTL_USAGE);
    assert_int_equal(PARSE("charge", "x"), CTL_USAGE);
    assert_int_equal(PARSE("list", "--hold"), CTL_USAGE); /* another command's */
    assert_int_equal(PARSE("list", "--catgory", "x"), CTL_USAGE);
    assert_int_equal(PARSE("list", "--category"), CTL_USAGE);
    assert_int_equal(PARSE("list", "--names=yes"), CTL_USAGE);
    assert_int_equal(PARSE("list", "-x"), CTL_USAGE);
}

static void the_last_one_counts(void **state)
{
    assert_int_equal(PARSE("list", "--target", "a:1", "--target", "b:1"), CTL_DONE);
    assert_string_equal(arguments_value(&arguments, OPTION_TARGET), "b:1");
    setenv("MICROGRID_TLS", "1", 1);
    setenv("MICROGRID_TARGET", "env:1", 1);
    assert_int_equal(PARSE("list", "--insecure"), CTL_DONE);
    assert_true(arguments_has(&arguments, OPTION_INSECURE) && !arguments_has(&arguments, OPTION_TLS));
    assert_string_equal(arguments_value(&arguments, OPTION_TARGET), "env:1");
    assert_int_equal(PARSE("list", "--target", "line:1"), CTL_DONE);
    assert_string_equal(arguments_value(&arguments, OPTION_TARGET), "line:1");
    setenv("MICROGRID_TLS", "maybe", 1);
    assert_int_equal(PARSE("list"), CTL_USAGE);
    setenv("MICROGRID_TLS", "no", 1);
    assert_int_equal(PARSE("list"), CTL_DONE);
    assert_false(arguments_has(&arguments, OPTION_TLS));
    setenv("MICROGRID_INSECURE", "1", 1);
    assert_int_equal(PARSE("list", "--ca", "ca.pem"), CTL_DONE); /* which is for TLS */
    assert_false(arguments_has(&arguments, OPTION_INSECURE));
    assert_int_equal(arguments.n_settings, 1); /* the target */
    setenv("MICROGRID_JSON", "1", 1);
    assert_int_equal(PARSE("journal", "--csv"), CTL_DONE);
    assert_false(arguments_has(&arguments, OPTION_JSON));
}

static void what_contradicts_itself_is_refused(void **state)
{
    assert_int_equal(PARSE("list", "--tls", "--insecure"), CTL_USAGE);
    assert_int_equal(PARSE("list", "--insecure", "--target", "a:1", "--ca", "ca.pem"), CTL_USAGE);
    assert_int_equal(PARSE("list", "--key-file", "a", "--key", "b"), CTL_USAGE);
    assert_int_equal(PARSE("charge", "x", "1kW", "--hold", "--for", "1m"), CTL_USAGE);
    assert_int_equal(PARSE("journal", "--json", "--csv"), CTL_USAGE);
    setenv("MICROGRID_KEY", "a", 1);
    assert_int_equal(PARSE("list", "--key-file", "b"), CTL_DONE); /* the line outdoes the environment */
    assert_false(arguments_has(&arguments, OPTION_KEY));
    setenv("MICROGRID_KEY_FILE", "b", 1);
    assert_int_equal(PARSE("list"), CTL_USAGE);
}

static void repeated_options_are_all_there(void **state)
{
    size_t at = 0;
    assert_int_equal(PARSE("cert", "init", "--host", "a", "--folder", "d", "--host=b"), CTL_DONE);
    assert_string_equal(arguments_next(&arguments, OPTION_HOST, &at), "a");
    assert_string_equal(arguments_next(&arguments, OPTION_HOST, &at), "b");
    assert_null(arguments_next(&arguments, OPTION_HOST, &at));
}

static void the_way_is_repeated_without_secrets(void **state)
{
    char text[100];
    setenv("MICROGRID_CA", "env.pem", 1);
    assert_int_equal(
        PARSE("list", "--json", "--target", "a:1", "--key", "secret", "--names", "--tls"), CTL_DONE);
    assert_string_equal(arguments_repeat(&arguments, text, sizeof(text)), " --target a:1 --tls");
}

static void help_needs_nothing_else(void **state)
{
    assert_int_equal(PARSE("--help"), CTL_DONE);
    assert_null(arguments.command);
    assert_int_equal(PARSE("charge", "--help"), CTL_DONE);
    assert_string_equal(arguments.command->name, "charge");
    assert_int_equal(PARSE("charge", "-h"), CTL_DONE);
    assert_int_equal(PARSE("help"), CTL_DONE);
    assert_null(arguments.command);
    assert_int_equal(PARSE("help", "charge"), CTL_DONE);
    assert_string_equal(arguments.command->name, "charge");
    assert_true(arguments_has(&arguments, OPTION_HELP));
    assert_int_equal(PARSE("help", "cert", "init"), CTL_DONE);
    assert_string_equal(arguments.command->name, "cert init");
    assert_int_equal(PARSE("cert", "--help"), CTL_DONE);
    assert_null(arguments.command);
    assert_string_equal(arguments.family, "cert");
    assert_int_equal(PARSE("help", "crge"), CTL_USAGE);
}

static bool is_plain_to(const char *target)
{
    const char *argv[] = {"microgridctl", "info", "--target", target, NULL};
    struct ctl ctl = {.channel = NULL};
    assert_int_equal(arguments_parse(&ctl.arguments, 4, (char **)argv), CTL_DONE);
    assert_int_equal(ctl_init(&ctl), CTL_DONE);
    bool insecure = ctl.insecure;
    ctl_done(&ctl);
    return insecure;
}

static void only_this_machine_is_reached_in_plain_text(void **state)
{
    static const char *const here[] = {"localhost", "localhost:1", "127.0.0.1", "127.1.2.3:1", "[::1]",
        "[::1]:1", "ipv4:127.0.0.1:1", "ipv6:[::1]:1", "unix:/run/gateway"};
    static const char *const elsewhere[] = {"localhost.example.com:1", "localhosts", "127.example.com:1",
        "127.100.100.100.example.com", "[::1", "[::1]5", "ipv4:127.0.0.1:1,10.0.0.7:1",
        "ipv6:[::1]:1,[fd00::7]:1", "gw:1"};
    for (size_t i = 0; i < ARRAY_LEN(here); i++) {
        assert_true(is_plain_to(here[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        assert_false(is_plain_to(elsewhere[i]));
    }
}

static void the_tables_are_sound(void **state)
{
    for (size_t i = 0; i < n_commands; i++) {
        const struct command *command = &command_table[i];
        assert_true(command->min <= command->max && command->max <= MAX_OPERANDS);
        assert_true(strlen(command->summary) > 0 && command->examples[strlen(command->examples) - 1] == '\n');
        assert_true(
            (command->options & (OPTION_BIT(OPTION_VERSION + 1) - 1)) == 0); /* those are everybody's */
        assert_non_null(command->run);
    }
    for (int i = 0; i < OPTIONS; i++) {
        assert_int_equal(option_find(option_table[i].name), i);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(options_stand_anywhere),
        TEST(a_leading_minus_of_a_number_is_an_operand),
        TEST(commands_may_have_two_words),
        TEST(what_does_not_belong_is_refused),
        TEST(the_last_one_counts),
        TEST(what_contradicts_itself_is_refused),
        TEST(repeated_options_are_all_there),
        TEST(the_way_is_repeated_without_secrets),
        TEST(help_needs_nothing_else),
        TEST(only_this_machine_is_reached_in_plain_text),
        TEST(the_tables_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
