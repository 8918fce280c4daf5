/* --mean, --std, --size, --layout: how a model file of one's own is fed. */
#include <string.h>

#include "cutting.h"
#include "options.h"
#include "report.h"

static bool three_numbers(const char *text, double numbers[3])
{
    char copy[96];
    char *rest = copy;

    if (strlen(text) >= sizeof copy) {
        return false;
    }
    strcpy(copy, text);
    for (int i = 0; i < 3; i++) {
        char *comma = strchr(rest, ',');
        if ((comma == NULL) != (i == 2)) {
            return false;
        }
        if (comma != NULL) {
            *comma = '\0';
        }
        if (!cli_parse_real(rest, -1e6, 1e6, &numbers[i])) {
            return false;
        }
        rest = comma != NULL ? comma + 1 : rest;
    }
    return true;
}

/* "N" or "WxH". */
static bool two_sides(const char *text, int *width, int *height)
{
    enum { LARGEST = 16384 };
    char copy[32];
    char *cross;
    long long w;
    long long h;

    if (strlen(text) >= sizeof copy) {
        return false;
    }
    strcpy(copy, text);
    cross = strchr(copy, 'x');
    if (cross != NULL) {
        *cross = '\0';
    }
    if (!cli_parse_integer(copy, 1, LARGEST, &w) ||
        !cli_parse_integer(cross != NULL ? cross + 1 : copy, 1, LARGEST, &h)) {
        return false;
    }
    *width = (int)w;
    *height = (int)h;
    return true;
}

static bool is_file_of_ones_own(const char *model)
{
    size_t length = strlen(model);
    return strchr(model, '/') != NULL || (length > 5 && strcmp(model + length - 5, ".onnx") == 0);
}

static int refuse(const char *option, const char *text, const char *wanted)
{
    cli_error("%s: \"%s\" is not %s", option, text, wanted);
    return CLI_EXIT_USAGE;
}

int cli_settle_feeding(cli_cutting *cutting)
{
    clearcut_feeding *feeding = &cutting->feeding;
    const char *layout = cutting->layout;

    cutting->has_feeding = cutting->mean != NULL || cutting->deviation != NULL ||
                           cutting->size != NULL || layout != NULL;
    if (!cutting->has_feeding) {
        return CLI_EXIT_OK;
    }
    if (!is_file_of_ones_own(cutting->model)) {
        cli_error("--mean, --std, --size and --layout are for a model file of one's own; %s has "
                  "its recipe",
                  cutting->model);
        return CLI_EXIT_USAGE;
    }
    feeding->has_mean = cutting->mean != NULL;
    if (feeding->has_mean && !three_numbers(cutting->mean, feeding->mean)) {
        return refuse("--mean", cutting->mean, "three numbers R,G,B");
    }
    feeding->has_deviation = cutting->deviation != NULL;
    if (feeding->has_deviation &&
        (!three_numbers(cutting->deviation, feeding->deviation) || feeding->deviation[0] == 0 ||
         feeding->deviation[1] == 0 || feeding->deviation[2] == 0)) {
        return refuse("--std", cutting->deviation, "three numbers R,G,B other than 0");
    }
    if (cutting->size != NULL && !two_sides(cutting->size, &feeding->width, &feeding->height)) {
        return refuse("--size", cutting->size, "a side, or WIDTHxHEIGHT, of 1 to 16384 pixels");
    }
    feeding->channels_last = layout != NULL && strcmp(layout, "nhwc") == 0;
    if (layout != NULL && !feeding->channels_last && strcmp(layout, "nchw") != 0) {
        return refuse("--layout", layout, "nchw or nhwc");
    }
    return CLI_EXIT_OK;
}

const clearcut_feeding *cli_cutting_feeding(const cli_cutting *cutting)
{
    return cutting->has_feeding ? &cutting->feeding : NULL;
}
