/* version: what is running. */
#include <stdio.h>

#include "clearcut.h"
#include "command.h"
#include "json.h"
#include "options.h"

typedef struct settings {
    bool json;
} settings;

static const cli_option option_table[] = {
    {NULL, "json", CLI_FLAG, offsetof(settings, json), 0, 0, NULL, "as one JSON object"}};

static int run_version(const cli_command *command, int argument_count, char **arguments)
{
    settings wanted = {0};
    int operand_count;

    switch (cli_parse(command, argument_count, arguments, &wanted, &operand_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    if (wanted.json) {
        cli_json json = {0};
        cli_json_object(&json, NULL);
        cli_json_text(&json, "version", clearcut_version());
        cli_json_end_object(&json);
        return cli_json_print(&json) ? CLI_EXIT_OK : CLI_EXIT_INPUT;
    }
    printf("clearcut, version %s\n", clearcut_version());
    return CLI_EXIT_OK;
}

const cli_command cli_version_command = {.name = "version",
                                         .usage = "[--json]",
                                         .summary = "the version (also --version, -V)",
                                         .details = "",
                                         .options = option_table,
                                         .option_count = 1,
                                         .run = run_version};
