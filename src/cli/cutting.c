#include "cutting.h"

#include <string.h>

#include "report.h"

int cli_check_cutting(const cli_cutting *cutting)
{
    if (cutting->compat != NULL && strcmp(cutting->compat, "rembg") != 0) {
        cli_error("--compat: the only value is rembg");
        return CLI_EXIT_USAGE;
    }
    if (cutting->extras != NULL) {
        cli_note("--extras: accepted for rembg's sake, without effect");
    }
    return CLI_EXIT_OK;
}

void cli_cutting_options(const cli_cutting *cutting, clearcut_timing *timing,
                         clearcut_cut_options *options)
{
    clearcut_cut_options_init(options);
    options->only_mask = cutting->only_mask;
    options->compat_rembg = cutting->compat != NULL;
    options->has_background = cutting->background.given;
    memcpy(options->background, cutting->background.rgba, sizeof options->background);
    options->timing = timing;
    options->post_process_mask = cutting->post_process_mask;
    options->alpha_matting = cutting->alpha_matting;
    options->decontaminate = cutting->decontaminate;
    options->matting_foreground_threshold = (int)cutting->foreground_threshold;
    options->matting_background_threshold = (int)cutting->background_threshold;
    options->matting_erode_size = (int)cutting->erode_size;
}
