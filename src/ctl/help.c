/* SPDX-License-Identifier: MIT */
#include "ctl/help.h"

#include <string.h>

#include "ctl/command.h"

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
        "(MICROGRID_TARGET, MICROGRID_KEY_FILE ...) and in ~/.config/microgridctl.yaml (target: gw.local:50051).\n"
        "Exit status: 0 done, 1 refused, 2 usage, 3 unreachable, 4 failed.\n",
        to);
}

void help_show(const struct command *command, const char *family, FILE *to)
{
    if (command) {
        show_command(command, to);
    } else if (family) {
        show_family(family, to);
    } else {
        show_all(to);
    }
}
