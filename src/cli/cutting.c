#include "cutting.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"
#include "result.h"

/* ---- before any work ---- */

static int usage_error(const char *message)
{
    cli_error("%s", message);
    return CLI_EXIT_USAGE;
}

/* The words and #RRGGBB[AA] of --on; false for what must be a picture's name. */
static bool parse_ground_color(const char *text, uint8_t color[4])
{
    static const struct {
        const char *name;
        uint8_t color[4];
    } words[] = {{"white", {255, 255, 255, 255}}, {"black", {0, 0, 0, 255}}};
    cli_color parsed = {0};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i].name) == 0) {
            memcpy(color, words[i].color, 4);
            return true;
        }
    }
    if (text[0] != '#' || !cli_parse_color(text, &parsed)) {
        return false;
    }
    memcpy(color, parsed.rgba, 4);
    return true;
}

static int settle_ground(cli_cutting *cutting)
{
    clearcut_error error;

    if (cutting->ground == NULL) {
        return CLI_EXIT_OK;
    }
    if (cutting->background.given) {
        return usage_error("--on and --bgcolor are two grounds; give one");
    }
    if (cutting->only_mask) {
        return usage_error("--on puts a cut-out on a ground; with --only-mask there is none");
    }
    if (strcmp(cutting->ground, "transparent") == 0) {
        return CLI_EXIT_OK;
    }
    cutting->on_color = parse_ground_color(cutting->ground, cutting->ground_color);
    if (cutting->on_color) {
        return CLI_EXIT_OK;
    }
    if (clearcut_image_read(cutting->ground, NULL, &cutting->ground_image, &error) != CLEARCUT_OK) {
        cli_error("--on: neither white, black, transparent, #RRGGBB[AA] nor a picture: %s",
                  error.message);
        return error.code == CLEARCUT_NOT_FOUND ? CLI_EXIT_USAGE : cli_input_exit(error.code);
    }
    return CLI_EXIT_OK;
}

int cli_check_cutting(cli_cutting *cutting)
{
    int result = CLI_EXIT_OK;
    clearcut_edges edges;

    if (cutting->compat != NULL && strcmp(cutting->compat, "rembg") != 0) {
        return usage_error("--compat: the only value is rembg");
    }
    if (cutting->extras != NULL) {
        result = cli_take_extras(cutting);
    }
    if (result != CLI_EXIT_OK) {
        return result;
    }
    if (cutting->model == NULL) {
        cutting->model = cutting->compat != NULL ? "u2net" : CLEARCUT_DEFAULT_MODEL;
    }
    cli_settle_sam(cutting);
    if (cutting->edges != NULL && !clearcut_edges_from_name(cutting->edges, &edges)) {
        return usage_error("--edges: guided, plain or auto");
    }
    result = cli_settle_feeding(cutting);
    if (result != CLI_EXIT_OK) {
        return result;
    }
    if (cutting->keep_small && cutting->max_size == 0) {
        return usage_error("--keep-small says what becomes of --max-size; give that as well");
    }
    if (cutting->max_size > 0 && !cutting->keep_small && cutting->compat != NULL) {
        return usage_error("--max-size changes rembg's colours; with --compat rembg give "
                           "--keep-small as well");
    }
    if (cli_cutting_is_stack(cutting) && cutting->max_size > 0 && !cutting->keep_small) {
        return usage_error("--max-size with the three mattes of u2net_cloth_seg needs "
                           "--keep-small, or one matte: -x '{\"cc\": \"upper\"}'");
    }
    return settle_ground(cutting);
}

bool cli_cutting_is_stack(const cli_cutting *cutting)
{
    return strcmp(cutting->model, "u2net_cloth_seg") == 0 && cutting->cloth == NULL;
}

void cli_cutting_free(cli_cutting *cutting)
{
    clearcut_image_free(&cutting->ground_image);
    free(cutting->model_path);
    cutting->model_path = NULL;
    free(cutting->prompts);
    cutting->prompts = NULL;
}

/* ---- one picture ---- */

/* Is -bgc put under the result here, at the end? A colour under what is still to be
 * enlarged would hide its alpha. */
static bool is_background_later(const cli_cutting *cutting)
{
    return cutting->background.given &&
           (cutting->ground_later || (cutting->max_size > 0 && !cutting->keep_small));
}

void cli_cutting_options(const cli_cutting *cutting, clearcut_timing *timing,
                         clearcut_cut_options *options)
{
    clearcut_cut_options_init(options);
    options->only_mask = cutting->only_mask;
    options->compat_rembg = cutting->compat != NULL;
    options->has_background = cutting->background.given && !is_background_later(cutting);
    memcpy(options->background, cutting->background.rgba, sizeof options->background);
    options->timing = timing;
    options->cloth = cutting->cloth;
    options->post_process_mask = cutting->post_process_mask;
    options->alpha_matting = cutting->alpha_matting;
    options->decontaminate = cutting->decontaminate;
    options->matting_foreground_threshold = (int)cutting->foreground_threshold;
    options->matting_background_threshold = (int)cutting->background_threshold;
    options->matting_erode_size = (int)cutting->erode_size;
    options->exact_matting = cutting->exact_matting;
    options->put_alpha = cutting->put_alpha;
    options->prompts = cutting->prompts;
    options->prompt_count = cutting->prompt_count;
    if (cutting->edges != NULL) {
        clearcut_edges_from_name(cutting->edges, &options->edges);
    }
}

void cli_cutting_size(const cli_cutting *cutting, int width, int height, int *work_width,
                      int *work_height)
{
    int side = width > height ? width : height;
    double scale =
        cutting->max_size > 0 && side > cutting->max_size ? (double)cutting->max_size / side : 1;

    *work_width = (int)(width * scale + 0.5);
    *work_height = (int)(height * scale + 0.5);
    *work_width = *work_width > 0 ? *work_width : 1;
    *work_height = *work_height > 0 ? *work_height : 1;
}

/* A copy of the photo whose long side is within --max-size. */
static clearcut_status shrink(const cli_cutting *cutting, cli_work *work, clearcut_error *error)
{
    int width = clearcut_image_width(work->photo);
    int height = clearcut_image_height(work->photo);
    int small_width;
    int small_height;

    cli_cutting_size(cutting, width, height, &small_width, &small_height);
    if (small_width == width && small_height == height) {
        return CLEARCUT_OK;
    }
    return clearcut_image_resize(work->photo, small_width, small_height, &work->small, error);
}

clearcut_status cli_work_prepare(const cli_cutting *cutting, cli_work *work,
                                 clearcut_timing *timing, clearcut_error *error)
{
    double begin = cli_clock_ms();
    clearcut_status status = shrink(cutting, work, error);

    if (work->small != NULL && cutting->keep_small) {
        clearcut_image_free(&work->photo);
        work->photo = work->small;
        work->small = NULL;
    }
    timing->preprocess += cli_clock_ms() - begin;
    return status;
}

clearcut_status cli_work_cut(const cli_cutting *cutting, clearcut_session *session, cli_work *work,
                             clearcut_timing *timing, clearcut_matting *matting,
                             clearcut_error *error)
{
    clearcut_cut_options options;
    clearcut_status status;

    cli_cutting_options(cutting, timing, &options);
    options.matting = matting;
    options.subject = &work->subject;
    status = clearcut_session_cut(session, work->small != NULL ? work->small : work->photo,
                                  &options, &work->picture, error);
    if (work->small == NULL && !work->keep_photo) {
        clearcut_image_free(&work->photo); /* memory for the next one */
    }
    return status;
}

bool cli_work_has_no_subject(const cli_cutting *cutting, const cli_work *work)
{
    return work->subject.status == CLEARCUT_SUBJECT_NONE && !cutting->force &&
           cutting->compat == NULL;
}

/* Replace work->picture by what a step made of it. */
static clearcut_status take_over(cli_work *work, clearcut_status status, clearcut_image *made)
{
    if (status == CLEARCUT_OK) {
        clearcut_image_free(&work->picture);
        work->picture = made;
    }
    return status;
}

static clearcut_status enlarge(cli_work *work, clearcut_error *error)
{
    clearcut_image *made = NULL;
    clearcut_status status =
        clearcut_image_enlarge_cutout(work->photo, work->small, work->picture, &made, error);
    return take_over(work, status, made);
}

static clearcut_status put_on_ground(const cli_cutting *cutting, cli_work *work,
                                     clearcut_error *error)
{
    const uint8_t *color = cutting->on_color ? cutting->ground_color : cutting->background.rgba;
    clearcut_image *made = NULL;
    clearcut_status status =
        clearcut_image_put_on(work->picture, cutting->ground_image, color, &made, error);

    return take_over(work, status, made);
}

clearcut_status cli_work_finish(const cli_cutting *cutting, cli_work *work, clearcut_timing *timing,
                                clearcut_error *error)
{
    double begin = cli_clock_ms();
    bool has_ground =
        cutting->on_color || cutting->ground_image != NULL || is_background_later(cutting);
    clearcut_status status = CLEARCUT_OK;

    if (work->small != NULL) {
        status = enlarge(work, error);
    }
    clearcut_image_free(&work->small);
    clearcut_image_free(&work->photo);
    if (status == CLEARCUT_OK && work->measure) {
        double share;
        status = clearcut_image_doubt(work->picture, &share, &work->doubt, error);
    }
    if (status == CLEARCUT_OK && has_ground && clearcut_image_channels(work->picture) == 4) {
        status = put_on_ground(cutting, work, error);
    }
    timing->postprocess += cli_clock_ms() - begin;
    return status;
}

void cli_work_free(cli_work *work)
{
    clearcut_image_free(&work->photo);
    clearcut_image_free(&work->small);
    clearcut_image_free(&work->picture);
}
