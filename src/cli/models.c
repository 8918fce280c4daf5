/* models: what is known by name, what is here, and under which licence. */
#include <stdio.h>
#include <string.h>

#include "clearcut.h"
#include "command.h"
#include "json.h"
#include "options.h"
#include "report.h"

typedef struct settings {
    const char *name; /* of what is imported; NULL = by its checksum */
    bool json;
    bool commercial_only;
} settings;

static const cli_option option_table[] = {
    {NULL, "json", CLI_FLAG, offsetof(settings, json), 0, 0, NULL,
     "one JSON object a line on stdout"},
    {NULL, "commercial-only", CLI_FLAG, offsetof(settings, commercial_only), 0, 0, NULL,
     "leave out what may not be used commercially as it stands"},
    {NULL, "as", CLI_TEXT, offsetof(settings, name), 0, 0, "NAME",
     "import: which model the file is; default: the one whose checksum it has"}};

static const char *state_name(clearcut_model_state state)
{
    switch (state) {
    case CLEARCUT_MODEL_PRESENT: return "present";
    case CLEARCUT_MODEL_EMBEDDED: return "built in";
    case CLEARCUT_MODEL_ABSENT: break;
    }
    return "absent";
}

static bool print_json(const clearcut_model_info *info)
{
    cli_json json = {0};

    cli_json_object(&json, NULL);
    cli_json_text(&json, "name", info->name);
    cli_json_text(&json, "status", state_name(info->state));
    cli_json_text(&json, "path", info->path[0] != '\0' ? info->path : NULL);
    cli_json_text(&json, "licence", info->licence);
    cli_json_bool(&json, "commercial_use", info->commercial_use);
    cli_json_bool(&json, "runnable", info->runnable);
    cli_json_text(&json, "remark", info->remark);
    cli_json_integer(&json, "width", info->input_width);
    cli_json_integer(&json, "height", info->input_height);
    cli_json_integer(&json, "download_bytes", (long long)info->download_bytes);
    cli_json_text(&json, "url", info->url[0] != '\0' ? info->url : NULL);
    cli_json_text(&json, "checksum", info->checksum[0] != '\0' ? info->checksum : NULL);
    cli_json_bool(&json, "needs_download",
                  info->state == CLEARCUT_MODEL_ABSENT && info->url[0] != '\0');
    cli_json_end_object(&json);
    return cli_json_print(&json);
}

static void print_row(const clearcut_model_info *info)
{
    char size[24] = "-";
    char input[24] = "-";

    if (info->download_bytes > 0) {
        snprintf(size, sizeof size, "%llu MB",
                 (unsigned long long)((info->download_bytes + 500000) / 1000000));
    }
    if (info->input_width > 0) {
        snprintf(input, sizeof input, "%dx%d", info->input_width, info->input_height);
    }
    printf("%-22s %-9s %-9s %8s  %s%s\n", info->name, state_name(info->state), input, size,
           info->licence, info->commercial_use ? "" : " (not for commercial use)");
    if (info->path[0] != '\0') {
        printf("    %s\n", info->path);
    }
    if (info->remark[0] != '\0') {
        printf("    %s\n", info->remark);
    }
}

static int list_models(const settings *wanted)
{
    clearcut_error error;

    for (int i = 0; i < clearcut_model_count(); i++) {
        clearcut_model_info info = {.size = sizeof info};
        if (clearcut_model_get(i, &info, &error) != CLEARCUT_OK) {
            cli_error("%s", error.message);
            return CLI_EXIT_INPUT;
        }
        if (wanted->commercial_only && !info.commercial_use) {
            continue;
        }
        if (!wanted->json) {
            print_row(&info);
        } else if (!print_json(&info)) {
            return CLI_EXIT_INPUT;
        }
    }
    return CLI_EXIT_OK;
}

/* ---- import ---- */

static int import_one(const char *path, const settings *wanted)
{
    clearcut_model_info info = {.size = sizeof info};
    clearcut_error error;
    clearcut_status status = clearcut_model_import(path, wanted->name, &info, &error);

    if (status != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return status == CLEARCUT_INVALID_ARGUMENT                          ? CLI_EXIT_USAGE
               : status == CLEARCUT_MODEL || status == CLEARCUT_UNSUPPORTED ? CLI_EXIT_MODEL
                                                                            : CLI_EXIT_INPUT;
    }
    if (wanted->json) {
        return print_json(&info) ? CLI_EXIT_OK : CLI_EXIT_INPUT;
    }
    printf("%s: %s\n", info.name, info.path);
    return CLI_EXIT_OK;
}

static int import_all(int count, char **paths, const settings *wanted)
{
    int result = CLI_EXIT_OK;

    if (count == 0 || (wanted->name != NULL && count != 1)) {
        cli_error("models import: takes model files%s; see `clearcut help models`",
                  count == 0 ? "" : ", with --as one of them");
        return CLI_EXIT_USAGE;
    }
    for (int i = 0; i < count; i++) {
        int of_this = import_one(paths[i], wanted);
        result = of_this > result ? of_this : result;
    }
    return result;
}

static int run_models(const cli_command *command, int argument_count, char **arguments)
{
    settings wanted = {0};
    char folder[4096];
    clearcut_error error;
    int operand_count;
    int result;

    switch (cli_parse(command, argument_count, arguments, &wanted, &operand_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    if (operand_count > 0 && strcmp(arguments[0], "import") == 0) {
        return import_all(operand_count - 1, arguments + 1, &wanted);
    }
    if (operand_count > 0 || wanted.name != NULL) {
        cli_error("models: takes no operands but `import FILE...`");
        return CLI_EXIT_USAGE;
    }
    if (!wanted.json) {
        printf("%-22s %-9s %-9s %8s  %s\n", "model", "status", "input", "size", "licence");
    }
    result = list_models(&wanted);
    if (!wanted.json && clearcut_model_folder(folder, sizeof folder, &error) == CLEARCUT_OK) {
        printf("\nmodel folder: %s\n", folder);
    }
    return result;
}

const cli_command cli_models_command = {
    .name = "models",
    .usage = "[options] [import FILE...]",
    .summary = "the models known by name: what is here, and the licences",
    .details = "Looks in $CLEARCUT_HOME (else $XDG_DATA_HOME/clearcut, else\n"
               "~/.local/share/clearcut) and reads rembg's folders ($U2NET_HOME, ~/.u2net,\n"
               "$REMBG_HOME, ~/.rembg). `-m` of other commands also takes the path of an ONNX\n"
               "file. `import` copies files that you got elsewhere into our folder, under the\n"
               "names of the models that they are: their checksums decide.\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_models};
