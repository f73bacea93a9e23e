/* SPDX-License-Identifier: MIT */
#include "ctl/help.h"

#include <string.h>

#include "ctl/command.h"
#include "ctl/metric.h"
#include "ctl/vocabulary.h"

static void show_option(int id, FILE *to)
{
    char left[40];
    const char *argument = option_table[id].argument;
    snprintf(
        left, sizeof(left), "--%s%s%s", option_table[id].name, argument ? " " : "", argument ? argument : "");
    fprintf(to, "  %-20s %s\n", left, option_table[id].help);
}

/* Each line of `text` with `before` in front. */
static void show_lines(const char *text, const char *before, FILE *to)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        fprintf(to, "%s%.*s\n", before, (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static void show_command(const struct command *command, FILE *to)
{
    fprintf(to, "usage: microgridctl %s%s%s%s\n%s\n", command->name, *command->operands ? " " : "",
        command->operands, command->options ? " [OPTION...]" : "", command->summary);
    if (command->details) {
        fputc('\n', to);
        show_lines(command->details, "", to);
    }
    if (command->options) {
        fputs("\nOptions\n", to);
        for (int i = 0; i < OPTIONS; i++) {
            if (command->options & OPTION_BIT(i)) {
                show_option(i, to);
            }
        }
    }
    fputs("\nExamples\n", to);
    show_lines(command->examples, "  microgridctl ", to);
    fputs("\nTarget, TLS, keys, --json: microgridctl --help\n", to);
}

/* The commands of `family`, or all. */
static void show_commands(const char *family, FILE *to)
{
    for (size_t i = 0; i < n_commands; i++) {
        if (!family || command_is_of(&command_table[i], family)) {
            char left[48];
            snprintf(left, sizeof(left), "%s %s", command_table[i].name, command_table[i].operands);
            fprintf(to, "  %-36s %s\n", left, command_table[i].summary);
        }
    }
}

static void show_family(const char *family, FILE *to)
{
    fprintf(to, "usage: microgridctl %s COMMAND [OPERAND...] [OPTION...]\n\n", family);
    show_commands(family, to);
    fputs("\nExamples and options: microgridctl COMMAND --help\n", to);
}

static void show_all(FILE *to)
{
    fputs("usage: microgridctl COMMAND [OPERAND...] [OPTION...]\n"
          "Talks to a microgrid gateway through the Frequenz Microgrid API v1.\n\n",
        to);
    show_commands(NULL, to);
    fputs("\nOptions of every command: examples and own options are in microgridctl COMMAND --help\n", to);
    for (int i = 0; i <= OPTION_VERSION; i++) {
        show_option(i, to);
    }
    fputs(
        "\nComponents are given by name or id. Power is + where it is consumed or charges, - where it is produced or\n"
        "discharges, and carries its unit: 5kW, -3.5kW, 800W. Options may also stand in the environment\n"
        "(MICROGRID_TARGET, MICROGRID_KEY_FILE ...) and in ~/.config/microgridctl.yaml (target: gw.local:50051), whose\n"
        "relative paths are meant from its folder.\n"
        "Words for --metric and --category: microgridctl help metrics, microgridctl help categories.\n"
        "Exit status: 0 done, 1 refused, 2 usage, 3 unreachable, 4 failed.\n",
        to);
}

/* ---- topics ---- */

#define LINE 100

static void show_word(const char *word, int *column, FILE *to)
{
    if (*column && *column + 2 + (int)strlen(word) > LINE) {
        *column = 0;
        fputc('\n', to);
    }
    *column += fprintf(to, "  %s", word);
}

static void show_words(const ProtobufCEnumDescriptor *words, FILE *to)
{
    char word[80];
    int column = 0, number;
    for (unsigned i = 0; (number = word_at(words, i)) >= 0; i++) {
        show_word(word_of(words, number, word, sizeof(word)), &column, to);
    }
    fputc('\n', to);
}

static void show_metrics(FILE *to)
{
    char word[80];
    const char *brief;
    int number;
    fputs("Metrics, for --metric and bounds add. In short\n", to);
    for (size_t i = 0; (brief = metric_brief(i, &number)); i++) {
        fprintf(to, "  %-10s %s\n", brief, word_of(metric_words, number, word, sizeof(word)));
    }
    fputs("All\n", to);
    show_words(metric_words, to);
}

static void show_categories(FILE *to)
{
    const char *kind;
    int column = 0;
    fputs("Categories, for list --category\n", to);
    show_words(category_words, to);
    fputs("and kinds of inverters\n", to);
    for (size_t i = 0; (kind = inverter_kind(i)); i++) {
        show_word(kind, &column, to);
    }
    fputc('\n', to);
}

static const struct {
    const char *name;
    void (*show)(FILE *to);
} topics[] = {{"metrics", show_metrics}, {"categories", show_categories}};

bool help_is_topic(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        if (strcmp(word, topics[i].name) == 0) {
            return true;
        }
    }
    return false;
}

static void show_topic(const char *word, FILE *to)
{
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        if (strcmp(word, topics[i].name) == 0) {
            topics[i].show(to);
        }
    }
}

void help_show(const struct command *command, const char *family, FILE *to)
{
    if (command) {
        show_command(command, to);
    } else if (family && help_is_topic(family)) {
        show_topic(family, to);
    } else if (family) {
        show_family(family, to);
    } else {
        show_all(to);
    }
}
