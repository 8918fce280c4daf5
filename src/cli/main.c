/* clearcut: the program. Finds the command; each command has its own file. */
#include <stdio.h>
#include <string.h>

#include "clearcut.h"
#include "command.h"
#include "report.h"

const cli_command *const cli_commands[] = {
    &cli_remove_command, &cli_batch_command,   &cli_stream_command, &cli_scan_command,
    &cli_infer_command,  &cli_bench_command,   &cli_doctor_command, &cli_models_command,
    &cli_pull_command,   &cli_version_command, &cli_help_command,   NULL};

const cli_command *cli_find_command(const char *name)
{
    for (int i = 0; cli_commands[i] != NULL; i++) {
        const cli_command *command = cli_commands[i];
        if (strcmp(name, command->name) == 0 ||
            (command->alias != NULL && strcmp(name, command->alias) == 0)) {
            return command;
        }
    }
    return NULL;
}

static int run_command(const cli_command *command, int argument_count, char **arguments)
{
    clearcut_cancel *cancel = NULL;
    clearcut_error error;
    int result;

    if (clearcut_cancel_create(&cancel, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return CLI_EXIT_INPUT;
    }
    cli_signals_install(cancel);
    result = command->run(command, argument_count, arguments);
    /* The switch is not freed: a signal may still come until the very end. */
    return result;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    const cli_command *command;

    if (name == NULL) {
        cli_print_overview();
        return CLI_EXIT_USAGE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        name = "version";
    } else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        name = "help";
    }
    command = cli_find_command(name);
    if (command == NULL) {
        return cli_unknown_command(name);
    }
    return run_command(command, argc - 2, argv + 2);
}
