/* SPDX-License-Identifier: MIT */
/* completion: what a shell proposes, written from the tables of options and commands. bash and zsh share the
 * script's body; each begins with how it is told what was typed. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "ctl/ctl.h"
#include "ctl/report.h"
#include "ctl/vocabulary.h"

/* What takes set-points of power, and what curtail is for. */
#define POWERED " --category inverter --category ev_charger --category electrolyzer --category chp"
#define LIMITED " --category pv_inverter --category chp"

/* ---- words ---- */

static const char *const kind_names[] = {
    [PROPOSE_NOTHING] = "nothing",
    [PROPOSE_FILE] = "file",
    [PROPOSE_FOLDER] = "folder",
    [PROPOSE_METRIC] = "metric",
    [PROPOSE_CATEGORY] = "category",
    [PROPOSE_SHELL] = "shell",
    [PROPOSE_ROLE] = "role",
    [PROPOSE_DAY] = "day",
    [PROPOSE_COMPONENT] = "component",
    [PROPOSE_POWERED] = "powered",
    [PROPOSE_LIMITED] = "limited",
    [PROPOSE_ANYTHING_MEASURED] = "measured",
};

static void print_words(const ProtobufCEnumDescriptor *words)
{
    char word[80];
    int number;
    for (unsigned i = 0; (number = word_at(words, i)) >= 0; i++) {
        printf("%s%s", i ? " " : "", word_of(words, number, word, sizeof(word)));
    }
}

/* Those that are the same whatever gateway it is. */
static void print_words_of(enum proposal proposal)
{
    switch (proposal) {
    case PROPOSE_METRIC:
        fputs("power reactive voltage current frequency soc ", stdout);
        print_words(metric_words);
        break;
    case PROPOSE_CATEGORY:
        fputs("battery_inverter pv_inverter hybrid_inverter ", stdout);
        print_words(category_words);
        break;
    case PROPOSE_SHELL:
        fputs("bash zsh fish", stdout);
        break;
    case PROPOSE_ROLE:
        fputs("viewer operator admin", stdout);
        break;
    case PROPOSE_DAY:
        fputs("today yesterday", stdout);
        break;
    default:
        break;
    }
}

/* The options of `set`, each with its dashes. */
static void print_options(uint64_t set, const char *glue)
{
    bool first = true;
    for (int i = 0; i < OPTIONS; i++) {
        if (set & OPTION_BIT(i)) {
            printf("%s--%s", first ? "" : glue, option_table[i].name);
            first = false;
        }
    }
}

static uint64_t common_options(void)
{
    return OPTION_BIT(OPTION_VERSION + 1) - 1;
}

static uint64_t options_with(enum proposal proposal)
{
    uint64_t set = 0;
    for (int i = 0; i < OPTIONS; i++) {
        if (option_table[i].argument && option_table[i].proposal == proposal) {
            set |= OPTION_BIT(i);
        }
    }
    return set;
}

static uint64_t options_with_value(bool settings_only)
{
    uint64_t set = 0;
    for (int i = 0; i < OPTIONS; i++) {
        if (option_table[i].argument && (option_table[i].setting || !settings_only)) {
            set |= OPTION_BIT(i);
        }
    }
    return set;
}

/* ---- bash, zsh ---- */

static void print_proposals(void)
{
    static const enum proposal of_words[] = {
        PROPOSE_METRIC, PROPOSE_CATEGORY, PROPOSE_SHELL, PROPOSE_ROLE, PROPOSE_DAY};
    fputs("    case $kind in\n"
          "    file) files ;;\n"
          "    folder) folders ;;\n",
        stdout);
    for (size_t i = 0; i < ARRAY_LEN(of_words); i++) {
        printf("    %s) propose ", kind_names[of_words[i]]);
        print_words_of(of_words[i]);
        fputs(" ;;\n", stdout);
    }
    fputs("    component) propose $(microgridctl list --names $way --timeout 1s 2>/dev/null) ;;\n"
          "    powered) propose $(microgridctl list --names" POWERED " $way --timeout 1s 2>/dev/null) ;;\n"
          "    limited) propose $(microgridctl list --names" LIMITED " $way --timeout 1s 2>/dev/null) ;;\n"
          "    measured) propose $(microgridctl list --names $way --timeout 1s 2>/dev/null;\n"
          "        microgridctl sensors --names $way --timeout 1s 2>/dev/null) ;;\n"
          "    esac\n",
        stdout);
}

/* Sets `skip` to the option whose value is typed now, `way` to those that lead to the gateway, and counts
 * words. */
static void print_reading(void)
{
    fputs("    local word skip= first= second= count=0 way= kind= options= words_of_command=1 kinds=\n"
          "    for word in \"${before[@]}\"; do\n"
          "        case $skip in\n"
          "        '') ;;\n        ",
        stdout);
    print_options(options_with_value(true), "|");
    fputs(") way=\"$way $skip $word\" skip=; continue ;;\n"
          "        *) skip=; continue ;;\n"
          "        esac\n"
          "        case $word in\n        ",
        stdout);
    print_options(options_with_value(false), "|");
    fputs(") skip=$word; continue ;;\n"
          "        --tls|--insecure) way=\"$way $word\"; continue ;;\n"
          "        -[0-9.]*) ;;\n"
          "        -*) continue ;;\n"
          "        esac\n"
          "        count=$((count + 1))\n"
          "        case $count in 1) first=$word ;; 2) second=$word ;; esac\n"
          "    done\n"
          "    case $skip in\n"
          "    '') ;;\n",
        stdout);
    for (size_t i = PROPOSE_NOTHING + 1; i < ARRAY_LEN(kind_names); i++) {
        uint64_t set = options_with((enum proposal)i);
        if (set) {
            fputs("    ", stdout);
            print_options(set, "|");
            printf(") kind=%s ;;\n", kind_names[i]);
        }
    }
    fputs("    *) return ;;\n"
          "    esac\n",
        stdout);
}

static void print_commands(void)
{
    fputs("    case \"$first $second\" in\n", stdout);
    for (size_t i = 0; i < n_commands; i++) {
        const struct command *command = &command_table[i];
        bool two = strchr(command->name, ' ') != NULL;
        printf("    \"%s%s) options=\"", command->name, two ? "\"" : " \"*");
        print_options(command->options, " ");
        printf("\" kinds=\"%s %s\" words_of_command=%d ;;\n", kind_names[command->proposals[0]],
            kind_names[command->proposals[1]], two ? 2 : 1);
    }
    fputs("    *)\n"
          "        case $first in\n"
          "        '') kind=command ;;\n"
          "        *) kind=family ;;\n"
          "        esac ;;\n"
          "    esac\n",
        stdout);
}

/* First words once each, as names stand together by their first word. */
static void print_first_words(void)
{
    const char *before = "";
    for (size_t i = 0; i < n_commands; i++) {
        size_t len = strcspn(command_table[i].name, " ");
        if (strncmp(before, command_table[i].name, len) != 0 || before[len] != command_table[i].name[len]) {
            printf(" %.*s", (int)len, command_table[i].name);
        }
        before = command_table[i].name;
    }
}

static void print_body(void)
{
    print_reading();
    fputs("    if [ -z \"$kind\" ]; then\n", stdout);
    print_commands();
    fputs("    fi\n"
          "    case $kind,$cur in\n"
          "    command,-*|,-[!0-9.]*|,-) propose $options ",
        stdout);
    print_options(common_options(), " ");
    fputs("; return ;;\n"
          "    command,*) propose",
        stdout);
    print_first_words();
    fputs("; return ;;\n"
          "    family,*)\n"
          "        case $first,$count in\n",
        stdout);
    for (size_t i = 0; i < n_commands; i++) {
        const char *second = strchr(command_table[i].name, ' ');
        if (second) {
            printf("        %.*s,1) propose", (int)(second - command_table[i].name), command_table[i].name);
            size_t family = (size_t)(second - command_table[i].name) + 1;
            for (; i < n_commands && strncmp(command_table[i].name, second - (family - 1), family) == 0;
                 i++) {
                printf(" %s", command_table[i].name + family);
            }
            i--;
            fputs(" ;;\n", stdout);
        }
    }
    fputs("        esac\n"
          "        return ;;\n"
          "    ,*)\n"
          "        case $((count - words_of_command)) in\n"
          "        0) kind=${kinds% *} ;;\n"
          "        *) kind=${kinds#* } ;;\n"
          "        esac ;;\n"
          "    esac\n",
        stdout);
    print_proposals();
}

/* A gateway chooses the names that it has: compgen -W would run those that are commands, and so would the
 * shell if they were not quoted. */
static int print_bash(void)
{
    fputs("# microgridctl for bash: source <(microgridctl completion bash)\n"
          "_microgridctl() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]}\n"
          "    local before=(\"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n"
          "    COMPREPLY=()\n"
          "    propose() {\n"
          "        local word\n"
          "        for word; do\n"
          "            [[ $word == \"$cur\"* ]] || continue\n"
          "            printf -v word %q \"$word\"\n"
          "            COMPREPLY+=(\"$word\")\n"
          "        done\n"
          "    }\n"
          "    files() { COMPREPLY=($(compgen -f -- \"$cur\")); }\n"
          "    folders() { COMPREPLY=($(compgen -d -- \"$cur\")); }\n"
          "    _microgridctl_body\n"
          "    unset -f propose files folders\n"
          "}\n"
          "_microgridctl_body() {\n",
        stdout);
    print_body();
    fputs("}\n"
          "complete -F _microgridctl microgridctl\n",
        stdout);
    return CTL_DONE;
}

static int print_zsh(void)
{
    fputs("#compdef microgridctl\n"
          "# microgridctl for zsh: source <(microgridctl completion zsh), or as _microgridctl in $fpath\n"
          "_microgridctl() {\n"
          "    setopt local_options sh_word_split\n"
          "    local cur=${words[CURRENT]}\n"
          "    local -a before\n"
          "    before=(\"${(@)words[2,CURRENT-1]}\")\n"
          "    propose() { compadd -- \"$@\" }\n"
          "    files() { _files }\n"
          "    folders() { _files -/ }\n"
          "    _microgridctl_body\n"
          "    unfunction propose files folders\n"
          "}\n"
          "_microgridctl_body() {\n",
        stdout);
    print_body();
    fputs(
        "}\n"
        "if [ \"$funcstack[1]\" = _microgridctl ]; then _microgridctl; else compdef _microgridctl microgridctl; fi\n",
        stdout);
    return CTL_DONE;
}

/* ---- fish ---- */

static void print_fish_proposal(enum proposal proposal)
{
    switch (proposal) {
    case PROPOSE_METRIC:
    case PROPOSE_CATEGORY:
    case PROPOSE_SHELL:
    case PROPOSE_ROLE:
    case PROPOSE_DAY:
        fputs(" -a '", stdout);
        print_words_of(proposal);
        fputs("'", stdout);
        break;
    case PROPOSE_COMPONENT:
        fputs(" -a '(microgridctl list --names --timeout 1s 2>/dev/null)'", stdout);
        break;
    case PROPOSE_POWERED:
        fputs(" -a '(microgridctl list --names" POWERED " --timeout 1s 2>/dev/null)'", stdout);
        break;
    case PROPOSE_LIMITED:
        fputs(" -a '(microgridctl list --names" LIMITED " --timeout 1s 2>/dev/null)'", stdout);
        break;
    case PROPOSE_ANYTHING_MEASURED:
        fputs(" -a '(microgridctl list --names --timeout 1s 2>/dev/null; "
              "microgridctl sensors --names --timeout 1s 2>/dev/null)'",
            stdout);
        break;
    case PROPOSE_FILE:
        fputs(" -F", stdout);
        break;
    case PROPOSE_FOLDER:
        fputs(" -a '(__fish_complete_directories)'", stdout);
        break;
    case PROPOSE_NOTHING:
        break;
    }
}

/* In single quotes. */
static void print_fish_text(const char *text)
{
    fputs(" -d '", stdout);
    for (; *text && *text != '\n'; text++) {
        printf(*text == '\'' ? "\\'" : "%c", *text);
    }
    fputc('\'', stdout);
}

/* "set-power" was typed, or, of two words, both. */
static void print_fish_condition(const char *name)
{
    const char *second = strchr(name, ' ');
    size_t len = strcspn(name, " ");
    printf(" -n '__fish_seen_subcommand_from %.*s", (int)len, name);
    if (second) {
        printf("; and __fish_seen_subcommand_from%s", second);
    }
    fputc('\'', stdout);
}

static void print_fish_option(int id, const char *command)
{
    fputs("complete -c microgridctl", stdout);
    if (command) {
        print_fish_condition(command);
    }
    printf(" -l %s%s", option_table[id].name, option_table[id].argument ? " -r" : "");
    print_fish_proposal(option_table[id].argument ? option_table[id].proposal : PROPOSE_NOTHING);
    print_fish_text(option_table[id].help);
    putchar('\n');
}

static void print_fish_command(const struct command *command)
{
    const char *second = strchr(command->name, ' ');
    size_t len = strcspn(command->name, " ");
    printf("complete -c microgridctl -n __fish_use_subcommand -a %.*s", (int)len, command->name);
    print_fish_text(command->summary);
    if (second) {
        printf("\ncomplete -c microgridctl -n '__fish_seen_subcommand_from %.*s; and not "
               "__fish_seen_subcommand_from%s' -a%s",
            (int)len, command->name, second, second);
        print_fish_text(command->summary);
    }
    putchar('\n');
    for (size_t i = 0; i < ARRAY_LEN(command->proposals); i++) {
        if (command->proposals[i] != PROPOSE_NOTHING &&
            (i == 0 || command->proposals[i] != command->proposals[0])) {
            fputs("complete -c microgridctl", stdout);
            print_fish_condition(command->name);
            print_fish_proposal(command->proposals[i]);
            putchar('\n');
        }
    }
    for (int i = 0; i < OPTIONS; i++) {
        if (command->options & OPTION_BIT(i)) {
            print_fish_option(i, command->name);
        }
    }
}

static int print_fish(void)
{
    fputs(
        "# microgridctl for fish: microgridctl completion fish > ~/.config/fish/completions/microgridctl.fish\n"
        "complete -c microgridctl -f\n",
        stdout);
    for (int i = 0; i <= OPTION_VERSION; i++) {
        print_fish_option(i, NULL);
    }
    for (size_t i = 0; i < n_commands; i++) {
        print_fish_command(&command_table[i]);
    }
    return CTL_DONE;
}

int command_completion(struct ctl *ctl)
{
    const char *shell = ctl->arguments.operands[0];
    if (strcmp(shell, "bash") == 0) {
        return print_bash();
    }
    if (strcmp(shell, "zsh") == 0) {
        return print_zsh();
    }
    if (strcmp(shell, "fish") == 0) {
        return print_fish();
    }
    return report_usage("no completion for \"%s\"; there are bash, zsh and fish", shell);
}
