/* help [COMMAND]: written from the same tables that the parser reads. */
#include <stdio.h>
#include <string.h>

#include "clearcut.h"
#include "command.h"
#include "options.h"
#include "report.h"

/* Words that mean something in rembg or will in clearcut, with what they need. */
static const struct {
    const char *name;
    const char *what;
} later_commands[] = {
    {"s", "the HTTP server"},
    {"serve", "the HTTP server"},
    {"doctor", "the device report"},
};

int cli_unknown_command(const char *name)
{
    enum { MOST_NAMES = 32 };
    const char *names[MOST_NAMES + 1];
    const char *near_name;
    int count = 0;

    for (size_t i = 0; i < sizeof later_commands / sizeof later_commands[0]; i++) {
        if (strcmp(name, later_commands[i].name) == 0) {
            cli_error("`%s` (%s) is not in this version yet; `clearcut help` lists what is", name,
                      later_commands[i].what);
            return CLI_EXIT_USAGE;
        }
    }
    for (int i = 0; cli_commands[i] != NULL && count + 2 <= MOST_NAMES; i++) {
        names[count++] = cli_commands[i]->name;
        if (cli_commands[i]->alias != NULL) {
            names[count++] = cli_commands[i]->alias;
        }
    }
    names[count] = NULL;
    near_name = name[0] != '\0' && name[1] != '\0' ? cli_nearest(name, names) : NULL;
    if (near_name != NULL) {
        cli_error("unknown command \"%s\"; did you mean `clearcut %s`?", name, near_name);
    } else {
        cli_error("unknown command \"%s\"; `clearcut help` lists the commands", name);
    }
    return CLI_EXIT_USAGE;
}

void cli_print_overview(void)
{
    printf("clearcut %s: cuts the subject out of a photo and flattens photographed pages\n\n"
           "usage: clearcut COMMAND [options] ...\n\n",
           clearcut_version());
    for (int i = 0; cli_commands[i] != NULL; i++) {
        const cli_command *command = cli_commands[i];
        char names[32];
        snprintf(names, sizeof names, "%s%s%s", command->name, command->alias != NULL ? ", " : "",
                 command->alias != NULL ? command->alias : "");
        printf("  %-12s %s\n", names, command->summary);
    }
    printf("\n"
           "  clearcut scan photo.jpg                 a flat page beside it: photo.flat.png\n"
           "  clearcut i photo.jpg cutout.png         the subject alone\n"
           "  clearcut help COMMAND                   all about one command\n\n"
           "exit status: 0 all done, 1 an input failed, 2 wrong usage, 3 device not usable,\n"
           "             4 model missing or faulty, 130 interrupted\n");
}

static void print_option(const cli_option *option)
{
    enum { COLUMN = 30 };
    char left[96];
    int used =
        snprintf(left, sizeof left, "  %s%s%s--%s%s%s", option->short_name != NULL ? "-" : "",
                 option->short_name != NULL ? option->short_name : "",
                 option->short_name != NULL ? ", " : "", option->long_name,
                 option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
    if (used < COLUMN) {
        printf("%-*s%s\n", COLUMN, left, option->help);
    } else {
        printf("%s\n%*s%s\n", left, COLUMN, "", option->help);
    }
}

void cli_print_help(const cli_command *command)
{
    printf("clearcut %s: %s\n\nusage: clearcut %s %s\n", command->name, command->summary,
           command->name, command->usage);
    if (command->alias != NULL) {
        printf("       clearcut %s ... is the same\n", command->alias);
    }
    if (command->details[0] != '\0') {
        printf("\n%s", command->details);
    }
    printf("\noptions:\n");
    for (int i = 0; i < command->option_count; i++) {
        print_option(&command->options[i]);
    }
    printf("  %-28s%s\n", "-h, --help", "this text");
}

static int run_help(const cli_command *command, int argument_count, char **arguments)
{
    const cli_command *wanted;
    int operand_count;
    char unused[1];

    switch (cli_parse(command, argument_count, arguments, unused, &operand_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    if (operand_count == 0) {
        cli_print_overview();
        return CLI_EXIT_OK;
    }
    wanted = cli_find_command(arguments[0]);
    if (wanted == NULL) {
        return cli_unknown_command(arguments[0]);
    }
    cli_print_help(wanted);
    return CLI_EXIT_OK;
}

const cli_command cli_help_command = {.name = "help",
                                      .usage = "[COMMAND]",
                                      .summary = "this list, or all about one command",
                                      .details = "",
                                      .run = run_help};
