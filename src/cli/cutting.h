/* How subjects are cut: the options that `i` and `p` share. An option that is
 * added here is an option of both.
 */
#ifndef CLEARCUT_CLI_CUTTING_H
#define CLEARCUT_CLI_CUTTING_H

#include "clearcut.h"
#include "command.h"

typedef struct cli_cutting {
    const char *model;
    const char *compat;
    const char *extras;
    cli_color background;
    long long foreground_threshold;
    long long background_threshold;
    long long erode_size;
    bool only_mask;
    bool post_process_mask;
    bool alpha_matting;
    bool decontaminate;
} cli_cutting;

#define CLI_CUTTING_DEFAULTS                                                                       \
    {                                                                                              \
        .model = CLEARCUT_DEFAULT_MODEL, .foreground_threshold = 240, .background_threshold = 10,  \
        .erode_size = 10                                                                           \
    }

/* clang-format off */
/* The option rows for a settings structure that has a cli_cutting `cutting`. */
#define CLI_CUTTING_OPTIONS(type)                                                                  \
    {"m", "model", CLI_TEXT, offsetof(type, cutting.model), 0, 0, "MODEL",                         \
     "a name of `clearcut models`, or an ONNX file; default " CLEARCUT_DEFAULT_MODEL},             \
    {"om", "only-mask", CLI_FLAG, offsetof(type, cutting.only_mask), 0, 0, NULL,                   \
     "the mask instead of the cut-out"},                                                           \
    {"bgc", "bgcolor", CLI_COLOR, offsetof(type, cutting.background), 0, 255, "R G B A",           \
     "put it on a colour: four numbers, or R,G,B[,A], or #RRGGBB[AA]"},                            \
    {"ppm", "post-process-mask", CLI_FLAG, offsetof(type, cutting.post_process_mask), 0, 0, NULL,  \
     "smooth the mask's outline: opened, blurred, then only 0 and 255"},                           \
    {"a", "alpha-matting", CLI_FLAG, offsetof(type, cutting.alpha_matting), 0, 0, NULL,            \
     "solve for alpha along the edge, and take the old background out of its colours"},            \
    {"af", "alpha-matting-foreground-threshold", CLI_INTEGER,                                      \
     offsetof(type, cutting.foreground_threshold), 0, 255, "N",                                    \
     "-a: a mask above this is certainly subject; default 240"},                                   \
    {"ab", "alpha-matting-background-threshold", CLI_INTEGER,                                      \
     offsetof(type, cutting.background_threshold), 0, 255, "N",                                    \
     "-a: a mask below this is certainly background; default 10"},                                 \
    {"ae", "alpha-matting-erode-size", CLI_INTEGER, offsetof(type, cutting.erode_size), 0, 1000,   \
     "N", "-a: how many pixels both draw back from the edge; default 10"},                         \
    {"dc", "decontaminate", CLI_FLAG, offsetof(type, cutting.decontaminate), 0, 0, NULL,           \
     "the mask's alpha, but the old background out of the edge's colours"},                        \
    {NULL, "compat", CLI_TEXT, offsetof(type, cutting.compat), 0, 0, "rembg",                      \
     "rembg: colours multiplied by the mask, as rembg does"},                                      \
    {"x", "extras", CLI_TEXT, offsetof(type, cutting.extras), 0, 0, "JSON",                        \
     "rembg's extras: accepted, without effect"}
/* clang-format on */

/* Check the values before any work: CLI_EXIT_OK, or CLI_EXIT_USAGE after an
 * explanation on stderr. */
int cli_check_cutting(const cli_cutting *cutting);

/* Fill the library's options. */
void cli_cutting_options(const cli_cutting *cutting, clearcut_timing *timing,
                         clearcut_cut_options *options);

#endif
