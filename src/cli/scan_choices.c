/* The values of scan's options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "scan.h"

static int usage_error(const char *message)
{
    cli_error("%s; see `clearcut help scan`", message);
    return CLI_EXIT_USAGE;
}

/* "210x297mm" or "1240x1754px"; false if it is neither. */
static bool parse_sides(const char *text, double sides[2], bool *pixels)
{
    char *end = NULL;

    sides[0] = strtod(text, &end);
    if (end == text || (*end != 'x' && *end != 'X')) {
        return false;
    }
    text = end + 1;
    sides[1] = strtod(text, &end);
    if (end == text || !(sides[0] > 0 && sides[1] > 0)) {
        return false;
    }
    *pixels = strcmp(end, "px") == 0;
    return *pixels || strcmp(end, "mm") == 0;
}

static int take_size(const char *text, clearcut_flatten_options *options)
{
    double sides[2];
    bool pixels;

    if (clearcut_paper_from_name(text, options->sheet_mm)) {
        return CLI_EXIT_OK;
    }
    if (!parse_sides(text, sides, &pixels)) {
        cli_error("--size: \"%s\" is neither a format (A3, A4, A5, A6, B5, letter, legal, "
                  "executive, tabloid, ID-1) nor like 210x297mm nor like 1240x1754px",
                  text);
        return CLI_EXIT_USAGE;
    }
    if (pixels) {
        if (sides[0] < 1 || sides[1] < 1 || sides[0] > 1e6 || sides[1] > 1e6) {
            return usage_error("--size: 1 to 1000000 pixels a side");
        }
        options->width = (int)sides[0];
        options->height = (int)sides[1];
    } else {
        if (sides[0] < 1 || sides[1] < 1 || sides[0] > 5000 || sides[1] > 5000) {
            return usage_error("--size: 1 to 5000 mm a side");
        }
        options->sheet_mm[0] = sides[0];
        options->sheet_mm[1] = sides[1];
    }
    return CLI_EXIT_OK;
}

static int take_turn(const char *text, int *turn)
{
    static const char *const names[] = {"0", "90", "180", "270"};

    if (strcmp(text, "auto") == 0) {
        *turn = CLEARCUT_TURN_AUTO;
        return CLI_EXIT_OK;
    }
    for (int i = 0; i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            *turn = i;
            return CLI_EXIT_OK;
        }
    }
    return usage_error("--rotate: auto, 0, 90, 180 or 270");
}

static int take_dewarp(const char *text, clearcut_dewarp *dewarp)
{
    static const char *const names[] = {"off", "auto", "on"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *dewarp = (clearcut_dewarp)i;
            return CLI_EXIT_OK;
        }
    }
    return usage_error("--dewarp: auto, off or on");
}

static int take_ground(const char *text, cli_scan_choices *choices)
{
    choices->cut_out = true;
    choices->on_white = strcmp(text, "white") == 0;
    return choices->on_white || strcmp(text, "transparent") == 0
               ? CLI_EXIT_OK
               : usage_error("--on: white or transparent");
}

/* What contradicts what. */
static int check_combinations(const cli_scan_settings *wanted)
{
    if (wanted->size != NULL &&
        (wanted->aspect != 0 || wanted->width != 0 || wanted->height != 0)) {
        return usage_error("--size says what --aspect, --width and --height say; give one of them");
    }
    if (wanted->measured && (wanted->size != NULL || wanted->aspect != 0)) {
        return usage_error("--measured keeps the measured proportions; --size and --aspect "
                           "replace them");
    }
    if (wanted->review != NULL && wanted->corners_only) {
        return usage_error("--review sets results aside; with --corners-only there are none");
    }
    if (wanted->model != NULL && wanted->corners != NULL && wanted->ground == NULL) {
        return usage_error("--model finds the page, --corners says where it is; give one of them");
    }
    return CLI_EXIT_OK;
}

int cli_scan_choose(const cli_scan_settings *wanted, cli_scan_choices *choices)
{
    clearcut_flatten_options *flatten = &choices->flatten;
    int result = check_combinations(wanted);

    clearcut_flatten_options_init(flatten);
    flatten->width = (int)wanted->width;
    flatten->height = (int)wanted->height;
    flatten->keep_measured = wanted->measured;
    flatten->dots_per_inch = wanted->dots_per_inch;
    flatten->max_pixels = choices->result_pixels;
    if (result == CLI_EXIT_OK && wanted->finish != NULL &&
        !clearcut_finish_from_name(wanted->finish, &flatten->finish)) {
        result = usage_error("--finish: photo, clean, grey or bilevel");
    }
    if (result == CLI_EXIT_OK && wanted->size != NULL) {
        result = take_size(wanted->size, flatten);
    }
    if (result == CLI_EXIT_OK) {
        result = take_turn(wanted->rotate, &flatten->turn);
    }
    if (result == CLI_EXIT_OK) {
        result = take_dewarp(wanted->dewarp, &flatten->dewarp);
    }
    if (result == CLI_EXIT_OK && wanted->ground != NULL) {
        result = take_ground(wanted->ground, choices);
    }
    choices->bilevel = flatten->finish == CLEARCUT_FINISH_BILEVEL;
    return result;
}
