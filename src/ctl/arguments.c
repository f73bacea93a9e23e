/* SPDX-License-Identifier: MIT */
/* Options may stand anywhere. A word like -3.5kW is an operand, as a power may well be negative. */
#include "ctl/arguments.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/help.h"
#include "ctl/report.h"
#include "ctl/settings.h"
#include "ctl/suggestion.h"

void arguments_add(struct arguments *arguments, enum option_id id, const char *value, const char *from)
{
    arguments->given = must(realloc(arguments->given, (arguments->n_given + 1) * sizeof(*arguments->given)));
    arguments->given[arguments->n_given++] = (struct given){
        id, value ? must(strdup(value)) : NULL, from ? must(strdup(from)) : NULL};
    if (id == OPTION_JSON) {
        report_as_json(true); /* what is wrong with the rest, too */
    }
}

/* The first of those from `from` on that excludes the i-th; NULL if there is none. */
static const struct given *find_rival(const struct arguments *arguments, size_t i, size_t from)
{
    while (
        from < arguments->n_given && !option_are_rivals(arguments->given[i].id, arguments->given[from].id)) {
        from++;
    }
    return from < arguments->n_given ? &arguments->given[from] : NULL;
}

int arguments_settle(struct arguments *arguments)
{
    for (size_t i = arguments->n_settings; i < arguments->n_given; i++) {
        const struct given *rival = find_rival(arguments, i, i + 1);
        if (rival) {
            return report_usage("--%s and --%s exclude each other; give one of them",
                option_table[arguments->given[i].id].name, option_table[rival->id].name);
        }
    }
    for (size_t i = 0; i < arguments->n_settings;) {
        if (find_rival(arguments, i, arguments->n_settings)) {
            free(arguments->given[i].value);
            free(arguments->given[i].from);
            memmove(&arguments->given[i], &arguments->given[i + 1],
                (--arguments->n_given - i) * sizeof(arguments->given[0]));
            arguments->n_settings--;
        } else {
            i++;
        }
    }
    return 0;
}

void arguments_done(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->n_given; i++) {
        free(arguments->given[i].value);
        free(arguments->given[i].from);
    }
    free(arguments->given);
    *arguments = (struct arguments){.n_given = 0};
}

const char *arguments_next(const struct arguments *arguments, enum option_id id, size_t *at)
{
    while (*at < arguments->n_given) {
        const struct given *given = &arguments->given[(*at)++];
        if (given->id == id) {
            return given->value;
        }
    }
    return NULL;
}

bool arguments_has(const struct arguments *arguments, enum option_id id)
{
    size_t at = 0;
    while (at < arguments->n_given && arguments->given[at].id != id) {
        at++;
    }
    return at < arguments->n_given;
}

const char *arguments_value(const struct arguments *arguments, enum option_id id)
{
    const char *value = NULL;
    size_t at = 0;
    for (const char *next; (next = arguments_next(arguments, id, &at));) {
        value = next;
    }
    return value;
}

const char *arguments_source(const struct arguments *arguments, enum option_id id, char *out, size_t cap)
{
    snprintf(out, cap, "--%s", option_table[id].name);
    for (size_t i = 0; i < arguments->n_given; i++) {
        const struct given *given = &arguments->given[i];
        if (given->id == id && given->from) {
            snprintf(out, cap, "%s", given->from);
        } else if (given->id == id) {
            snprintf(out, cap, "--%s", option_table[id].name);
        }
    }
    return out;
}

const char *arguments_repeat(const struct arguments *arguments, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = arguments->n_settings; i < arguments->n_given && len < cap; i++) {
        const struct given *given = &arguments->given[i];
        if (option_table[given->id].setting && given->id != OPTION_KEY && given->id != OPTION_JSON) {
            len += (size_t)snprintf(out + len, cap - len, " --%s%s%s", option_table[given->id].name,
                given->value ? " " : "", given->value ? given->value : "");
        }
    }
    return out;
}

/* ---- options ---- */

/* The command of a line that is not yet understood; NULL if none is recognised. */
static const struct command *guess_command(int argc, char **argv)
{
    for (int at = 1; at < argc; at++) {
        for (size_t i = 0; i < n_commands; i++) {
            const char *name = command_table[i].name;
            size_t first = strcspn(name, " ");
            if (strncmp(argv[at], name, first) == 0 && !argv[at][first] &&
                (!name[first] || (at + 1 < argc && strcmp(argv[at + 1], name + first + 1) == 0))) {
                return &command_table[i];
            }
        }
    }
    return NULL;
}

static bool has_option(const struct command *command, int id)
{
    return !command || option_table[id].setting || id <= OPTION_VERSION || command->options & OPTION_BIT(id);
}

static int complain_unknown(int argc, char **argv, const char *word, const char *name)
{
    const struct command *command = guess_command(argc, argv);
    struct suggestion suggestion = {.text = name};
    for (int i = 0; i < OPTIONS; i++) {
        if (has_option(command, i)) {
            suggestion_try(&suggestion, option_table[i].name);
        }
    }
    if (suggestion.best) {
        return report_usage("no option \"%s\"; did you mean --%s?", word, suggestion.best);
    }
    return report_usage("no option \"%s\"      all options: microgridctl %s%s--help", word,
        command ? command->name : "", command ? " " : "");
}

/* One word that begins with two dashes, and perhaps the next one, its value. */
static int take_option(struct arguments *arguments, char **argv, int argc, int *at)
{
    const char *word = argv[*at];
    char name[64];
    size_t len = strcspn(word + 2, "=");
    snprintf(name, sizeof(name), "%.*s", (int)len, word + 2);
    const char *value = word[2 + len] ? word + 3 + len : NULL;
    int id = option_find(name);
    if (id < 0) {
        return complain_unknown(argc, argv, word, name);
    }
    if (!option_table[id].argument && value) {
        return report_usage("--%s takes no value", name);
    }
    if (option_table[id].argument && !value) {
        if (*at + 1 == argc) {
            return report_usage("--%s needs a value: --%s %s", name, name, option_table[id].argument);
        }
        value = argv[++*at];
    }
    arguments_add(arguments, (enum option_id)id, value, NULL);
    return 0;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] && !isdigit((unsigned char)word[1]) && word[1] != '.';
}

static int take_words(struct arguments *arguments, int argc, char **argv)
{
    bool ended = false;
    int rc = 0;
    for (int i = 1; i < argc && rc == 0; i++) {
        if (!ended && strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (!ended && (strcmp(argv[i], "-h") == 0 || (i == 1 && strcmp(argv[i], "help") == 0))) {
            arguments_add(arguments, OPTION_HELP, NULL, NULL);
        } else if (!ended && strncmp(argv[i], "--", 2) == 0) {
            rc = take_option(arguments, argv, argc, &i);
        } else if (!ended && is_option(argv[i])) {
            rc = complain_unknown(argc, argv, argv[i], argv[i] + 1);
        } else if (arguments->n_operands == MAX_OPERANDS) {
            rc = report_usage("more than %d words", MAX_OPERANDS);
        } else {
            arguments->operands[arguments->n_operands++] = argv[i];
        }
    }
    return rc;
}

/* ---- the command ---- */

static size_t words_of(const char *name)
{
    return strchr(name, ' ') ? 2 : 1;
}

bool command_is_of(const struct command *command, const char *family)
{
    size_t len = strcspn(command->name, " ");
    return command->name[len] && strncmp(command->name, family, len) == 0 && !family[len];
}

/* Whether the first operands are the command's name. */
static bool is_named(const struct command *command, const struct arguments *arguments)
{
    size_t first = strcspn(command->name, " "), n = words_of(command->name);
    const char *const *words = arguments->operands;
    return arguments->n_operands >= n && strlen(words[0]) == first &&
           strncmp(command->name, words[0], first) == 0 &&
           (n == 1 || strcmp(command->name + first + 1, words[1]) == 0);
}

static int complain_command(const struct arguments *arguments)
{
    const char *name = arguments->operands[0];
    struct suggestion suggestion = {.text = name};
    if (arguments->family && arguments->n_operands == 1) {
        return report_usage("%s what?      microgridctl %s --help", name, name);
    }
    if (arguments->family) {
        return report_usage(
            "no command \"%s %s\"      microgridctl %s --help", name, arguments->operands[1], name);
    }
    for (size_t i = 0; i < n_commands; i++) {
        suggestion_try(&suggestion, command_table[i].name);
    }
    if (suggestion.best) {
        return report_usage("no command \"%s\"; did you mean microgridctl %s?", name, suggestion.best);
    }
    return report_usage("no command \"%s\"      all commands: microgridctl --help", name);
}

static int find_command(struct arguments *arguments)
{
    if (arguments->n_operands == 0) {
        return arguments_has(arguments, OPTION_HELP) || arguments_has(arguments, OPTION_VERSION)
                   ? 0
                   : report_usage("what shall be done?      all commands: microgridctl --help");
    }
    if (arguments_has(arguments, OPTION_HELP) && help_is_topic(arguments->operands[0])) {
        arguments->family = arguments->operands[0];
        return 0;
    }
    for (size_t i = 0; i < n_commands; i++) {
        if (is_named(&command_table[i], arguments)) {
            size_t n = words_of(command_table[i].name);
            arguments->command = &command_table[i];
            arguments->n_operands -= n;
            for (size_t k = 0; k < arguments->n_operands; k++) {
                arguments->operands[k] = arguments->operands[k + n];
            }
            return 0;
        }
        if (command_is_of(&command_table[i], arguments->operands[0])) {
            arguments->family = arguments->operands[0];
        }
    }
    return arguments->family && arguments_has(arguments, OPTION_HELP) ? 0 : complain_command(arguments);
}

static int check_command(const struct arguments *arguments)
{
    const struct command *command = arguments->command;
    if (!command || arguments_has(arguments, OPTION_HELP)) {
        return 0;
    }
    for (size_t i = 0; i < arguments->n_given; i++) {
        enum option_id id = arguments->given[i].id;
        if (!has_option(command, (int)id)) {
            return report_usage("%s has no option --%s      microgridctl %s --help", command->name,
                option_table[id].name, command->name);
        }
    }
    if (arguments->n_operands < command->min) {
        return report_usage(
            "%s needs %s      microgridctl %s --help", command->name, command->operands, command->name);
    }
    if (arguments->n_operands > command->max) {
        return report_usage("what is \"%s\"? microgridctl %s%s%s", arguments->operands[command->max],
            command->name, *command->operands ? " " : "", command->operands);
    }
    return 0;
}

int arguments_parse(struct arguments *arguments, int argc, char **argv)
{
    struct arguments line = {.n_given = 0};
    *arguments = (struct arguments){.n_given = 0};
    int rc = take_words(&line, argc, argv);
    rc = rc ? rc : find_command(&line);
    rc = rc ? rc : check_command(&line);
    if (rc == 0 && line.command && !arguments_has(&line, OPTION_HELP)) {
        rc = settings_load(arguments, arguments_value(&line, OPTION_CONFIG));
    }
    arguments->n_settings = arguments->n_given;
    for (size_t i = 0; i < line.n_given && rc == 0; i++) {
        arguments_add(arguments, line.given[i].id, line.given[i].value, NULL);
    }
    rc = rc ? rc : arguments_settle(arguments);
    arguments->command = line.command;
    arguments->family = line.family;
    memcpy(arguments->operands, line.operands, sizeof(line.operands));
    arguments->n_operands = line.n_operands;
    arguments_done(&line);
    return rc;
}
