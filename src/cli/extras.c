/* --extras: rembg passes the members of a JSON object on to its library, where the
 * options of the command line and those of single models are looked up by name.
 */
#include <stdlib.h>
#include <string.h>

#include "cutting.h"
#include "json_read.h"
#include "report.h"

static int refuse(const char *key, const char *wanted)
{
    cli_error("--extras: \"%s\" takes %s", key, wanted);
    return CLI_EXIT_USAGE;
}

/* ---- rembg's own options by their Python names ---- */

static int take_flag(const cli_json_value *value, bool *target)
{
    if (value->kind != CLI_JSON_BOOL) {
        return refuse(value->key, "true or false");
    }
    *target = value->boolean;
    return CLI_EXIT_OK;
}

static bool whole(const cli_json_value *value, double minimum, double maximum, long long *target)
{
    if (value->kind != CLI_JSON_NUMBER || !(value->number >= minimum && value->number <= maximum) ||
        value->number != (double)(long long)value->number) {
        return false;
    }
    *target = (long long)value->number;
    return true;
}

static int take_number(const cli_json_value *value, double maximum, long long *target)
{
    return whole(value, 0, maximum, target) ? CLI_EXIT_OK
                                            : refuse(value->key, "a whole number in its range");
}

static int take_color(const cli_json_value *value, cli_color *color)
{
    int count = 0;
    long long number;

    for (const cli_json_value *part = value->first; part != NULL; part = part->next) {
        if (count == 4 || !whole(part, 0, 255, &number)) {
            return refuse(value->key, "four numbers 0..255");
        }
        color->rgba[count++] = (uint8_t)number;
    }
    color->given = count == 4;
    return color->given ? CLI_EXIT_OK : refuse(value->key, "four numbers 0..255");
}

/* rembg's u2net_custom, dis_custom and ben_custom name their file here. */
static int take_model_path(const cli_json_value *value, cli_cutting *cutting)
{
    size_t length;
    size_t folder;

    if (value->kind != CLI_JSON_TEXT || value->text[0] == '\0') {
        return refuse(value->key, "the path of an ONNX file");
    }
    length = strlen(value->text);
    folder = strchr(value->text, '/') != NULL ? 0 : 2;
    free(cutting->model_path);
    cutting->model_path = malloc(folder + length + 1);
    if (cutting->model_path == NULL) {
        cli_error("not enough memory");
        return CLI_EXIT_INPUT;
    }
    memcpy(cutting->model_path, "./", folder); /* so that it is taken for a path */
    memcpy(cutting->model_path + folder, value->text, length + 1);
    cutting->model = cutting->model_path;
    return CLI_EXIT_OK;
}

/* rembg takes anything else for all three. */
static int take_cloth(const cli_json_value *value, cli_cutting *cutting)
{
    static const char *const names[] = {"upper", "lower", "full"};

    for (size_t i = 0; i < sizeof names / sizeof names[0] && value->kind == CLI_JSON_TEXT; i++) {
        if (strcmp(value->text, names[i]) == 0) {
            cutting->cloth = names[i];
            return CLI_EXIT_OK;
        }
    }
    return refuse(value->key, "\"upper\", \"lower\" or \"full\"");
}

/* ---- all members ---- */

static int take_member(const cli_json_value *value, cli_cutting *cutting)
{
    const struct {
        const char *key;
        bool *target;
    } flags[] = {{"only_mask", &cutting->only_mask},
                 {"post_process_mask", &cutting->post_process_mask},
                 {"alpha_matting", &cutting->alpha_matting},
                 {"decontaminate", &cutting->decontaminate},
                 {"putalpha", &cutting->put_alpha},
                 {"sam_quant", &cutting->sam_quant}};
    const struct {
        const char *key;
        double maximum;
        long long *target;
    } numbers[] = {{"alpha_matting_foreground_threshold", 255, &cutting->foreground_threshold},
                   {"alpha_matting_background_threshold", 255, &cutting->background_threshold},
                   {"alpha_matting_erode_size", 1000, &cutting->erode_size}};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(value->key, flags[i].key) == 0) {
            return take_flag(value, flags[i].target);
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(value->key, numbers[i].key) == 0) {
            return take_number(value, numbers[i].maximum, numbers[i].target);
        }
    }
    if (strcmp(value->key, "bgcolor") == 0) {
        return take_color(value, &cutting->background);
    }
    if (strcmp(value->key, "cc") == 0 || strcmp(value->key, "cloth_category") == 0) {
        return take_cloth(value, cutting);
    }
    if (strcmp(value->key, "sam_prompt") == 0) {
        return cli_take_prompts(value, cutting);
    }
    if (strcmp(value->key, "sam_model") == 0) {
        return cli_take_sam_model(value, cutting);
    }
    if (strcmp(value->key, "model_path") == 0) {
        return take_model_path(value, cutting);
    }
    if (strcmp(value->key, "providers") == 0) {
        cli_note("--extras: \"providers\" names ONNX Runtime's; here --device says what works");
        return CLI_EXIT_OK;
    }
    cli_note("--extras: \"%s\" has no effect here", value->key);
    return CLI_EXIT_OK;
}

int cli_take_extras(cli_cutting *cutting)
{
    char fault[96] = "it is no object";
    cli_json_value *extras = cli_json_read(cutting->extras, fault, sizeof fault);
    int result = CLI_EXIT_OK;

    if (extras == NULL || extras->kind != CLI_JSON_OBJECT) {
        cli_error("--extras: takes a JSON object, such as {\"cc\": \"upper\"}: %s", fault);
        cli_json_free(extras);
        return CLI_EXIT_USAGE;
    }
    for (const cli_json_value *value = extras->first; value != NULL && result == CLI_EXIT_OK;
         value = value->next) {
        result = take_member(value, cutting);
    }
    cli_json_free(extras);
    return result;
}
