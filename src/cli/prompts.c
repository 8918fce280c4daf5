/* What --extras says for Segment Anything, in rembg's words:
 * {"sam_prompt": [{"type": "point", "data": [x, y], "label": 1},
 *                 {"type": "rectangle", "data": [left, top, right, bottom]}]} */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cutting.h"
#include "json_read.h"
#include "report.h"

enum { MOST_POINTS = 64 };

static int refuse(void)
{
    cli_error("--extras: \"sam_prompt\" takes a list, at most %d points in all, of {\"type\": "
              "\"point\", \"data\": [x, y], \"label\": 1 or 0} and {\"type\": \"rectangle\", "
              "\"data\": [left, top, right, bottom]}",
              MOST_POINTS);
    return CLI_EXIT_USAGE;
}

static const cli_json_value *member(const cli_json_value *object, const char *key)
{
    for (const cli_json_value *value = object->first; value != NULL; value = value->next) {
        if (strcmp(value->key, key) == 0) {
            return value;
        }
    }
    return NULL;
}

/* A list of exactly `count` numbers. */
static bool read_numbers(const cli_json_value *list, int count, double *numbers)
{
    int found = 0;

    if (list == NULL || list->kind != CLI_JSON_ARRAY) {
        return false;
    }
    for (const cli_json_value *value = list->first; value != NULL; value = value->next) {
        if (value->kind != CLI_JSON_NUMBER || found == count) {
            return false;
        }
        numbers[found++] = value->number;
    }
    return found == count;
}

static bool read_point(const cli_json_value *mark, clearcut_prompt *points, int *used)
{
    const cli_json_value *label = member(mark, "label");
    double at[2];

    if (!read_numbers(member(mark, "data"), 2, at) || label == NULL ||
        label->kind != CLI_JSON_NUMBER || (label->number != 0 && label->number != 1)) {
        return false;
    }
    *points = (clearcut_prompt){(int)label->number, at[0], at[1]};
    *used = 1;
    return true;
}

static bool read_rectangle(const cli_json_value *mark, clearcut_prompt *points, int *used)
{
    double at[4];

    if (!read_numbers(member(mark, "data"), 4, at)) {
        return false;
    }
    points[0] = (clearcut_prompt){2, at[0], at[1]};
    points[1] = (clearcut_prompt){3, at[2], at[3]};
    *used = 2;
    return true;
}

static bool read_mark(const cli_json_value *mark, clearcut_prompt *points, int *used)
{
    const cli_json_value *type = mark->kind == CLI_JSON_OBJECT ? member(mark, "type") : NULL;

    if (type == NULL || type->kind != CLI_JSON_TEXT) {
        return false;
    }
    if (strcmp(type->text, "point") == 0) {
        return read_point(mark, points, used);
    }
    return strcmp(type->text, "rectangle") == 0 && read_rectangle(mark, points, used);
}

int cli_take_prompts(const cli_json_value *value, cli_cutting *cutting)
{
    if (value->kind != CLI_JSON_ARRAY || value->first == NULL) {
        return refuse();
    }
    free(cutting->prompts);
    cutting->prompt_count = 0;
    cutting->prompts = calloc(MOST_POINTS + 1, sizeof *cutting->prompts);
    if (cutting->prompts == NULL) {
        cli_error("not enough memory");
        return CLI_EXIT_INPUT;
    }
    for (const cli_json_value *mark = value->first; mark != NULL; mark = mark->next) {
        int used = 0;
        if (cutting->prompt_count >= MOST_POINTS ||
            !read_mark(mark, cutting->prompts + cutting->prompt_count, &used) ||
            cutting->prompt_count + used > MOST_POINTS) {
            return refuse();
        }
        cutting->prompt_count += used;
    }
    return CLI_EXIT_OK;
}

int cli_take_sam_model(const cli_json_value *value, cli_cutting *cutting)
{
    if (value->kind != CLI_JSON_TEXT || value->text[0] == '\0' ||
        strlen(value->text) >= sizeof cutting->sam_model) {
        cli_error("--extras: \"sam_model\" takes a name such as \"sam_vit_b_01ec64\"");
        return CLI_EXIT_USAGE;
    }
    snprintf(cutting->sam_model, sizeof cutting->sam_model, "%s", value->text);
    return CLI_EXIT_OK;
}

void cli_settle_sam(cli_cutting *cutting)
{
    bool is_sam = strncmp(cutting->model, "sam:", 4) == 0 || strcmp(cutting->model, "sam") == 0 ||
                  strstr(cutting->model, ".encoder.") != NULL;

    if (cutting->prompt_count > 0 && !is_sam) { /* rembg ignores them in silence */
        cli_note("--extras: \"sam_prompt\" has no effect with model %s", cutting->model);
        cutting->prompt_count = 0;
    }
    if (strcmp(cutting->model, "sam") != 0 ||
        (cutting->sam_model[0] == '\0' && !cutting->sam_quant)) {
        return;
    }
    snprintf(cutting->sam_wish, sizeof cutting->sam_wish, "sam:%s%s",
             cutting->sam_model[0] != '\0' ? cutting->sam_model : "sam_vit_b_01ec64",
             cutting->sam_quant ? ".quant" : "");
    cutting->model = cutting->sam_wish;
}
