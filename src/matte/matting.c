#include "matte/matting.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "matte/alpha.h"
#include "matte/edge_color.h"
#include "matte/foreground.h"
#include "matte/reduced.h"

typedef struct matting_job {
    const cc_image *image;
    const cc_image *mask;
    const cc_matting_options *options;
    cc_matte_style style;
    cc_thread_pool *pool;
    const atomic_bool *cancel;
    float *alpha; /* width * height */
    bool solved;  /* is alpha the solver's? else it is the mask */
    cc_image *cutout;
    cc_matting_result *result;
} matting_job;

const char *cc_matting_outcome_text(cc_matting_outcome outcome)
{
    switch (outcome) {
    case CC_MATTING_DONE: return "";
    case CC_MATTING_NO_FOREGROUND:
        return "alpha matting was not done: no pixel is certainly subject; lower "
               "--alpha-matting-foreground-threshold or --alpha-matting-erode-size";
    case CC_MATTING_NO_BACKGROUND:
        return "alpha matting was not done: no pixel is certainly background; raise "
               "--alpha-matting-background-threshold or lower --alpha-matting-erode-size";
    case CC_MATTING_TOO_SMALL:
        return "alpha matting was not done: it needs a picture of 3x3 pixels or more";
    case CC_MATTING_NOT_CONVERGED:
        return "alpha matting was not done: its solver found no answer within its iterations";
    }
    return "";
}

/* ---- alpha ---- */

static void alpha_from_mask(const matting_job *job)
{
    int width = job->mask->width;

    for (int y = 0; y < job->mask->height; y++) {
        const uint8_t *row = cc_image_row(job->mask, y);
        float *alpha = job->alpha + (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++) {
            alpha[x] = (float)(row[x] / 255.0);
        }
    }
}

static cc_matting_outcome judge(const cc_image *trimap, const cc_trimap_counts *counts)
{
    if (counts->foreground == 0) {
        return CC_MATTING_NO_FOREGROUND;
    }
    if (counts->background == 0) {
        return CC_MATTING_NO_BACKGROUND;
    }
    return trimap->width < 3 || trimap->height < 3 ? CC_MATTING_TOO_SMALL : CC_MATTING_DONE;
}

/* Solve in the trimap's band, on a smaller picture where that is wanted. */
static cc_status solve_band(matting_job *job, const cc_image *trimap, cc_error *error)
{
    cc_matting_result *result = job->result;
    cc_alpha_limits limits = job->options->exact ? CC_ALPHA_EXACT_LIMITS : CC_ALPHA_QUICK_LIMITS;
    cc_alpha_report report = {0};
    cc_status status;

    result->reduction = job->options->exact ? 1 : cc_reduced_factor(result->counts.unknown);
    if (result->reduction > 1) {
        status = cc_alpha_solve_reduced(job->image, trimap, result->reduction, &limits, job->pool,
                                        job->cancel, job->alpha, &report, error);
    } else {
        status = cc_alpha_solve(job->image, trimap, &limits, job->pool, job->cancel, job->alpha,
                                &report, error);
    }
    result->iterations = report.iterations;
    if (status == CC_OK && !report.converged) {
        result->outcome = CC_MATTING_NOT_CONVERGED;
    }
    return status;
}

static cc_status solve_alpha(matting_job *job, cc_error *error)
{
    cc_matting_result *result = job->result;
    cc_image trimap = {0};
    cc_status status =
        cc_trimap_make(job->mask, &job->options->trimap, &trimap, &result->counts, error);

    if (status != CC_OK) {
        return status;
    }
    result->outcome = judge(&trimap, &result->counts);
    if (result->outcome == CC_MATTING_DONE) {
        status = solve_band(job, &trimap, error);
    }
    job->solved = result->outcome == CC_MATTING_DONE;
    cc_image_free(&trimap);
    return status;
}

/* ---- the cut-out's samples ---- */

/* rembg: the product with 255 in double precision, cut off. */
static inline uint8_t cut_off(double value)
{
    return (uint8_t)(value * 255.0);
}

static inline uint8_t rounded(double value)
{
    return (uint8_t)(value * 255.0 + 0.5);
}

static double own_alpha(const cc_image *image, int x, int y)
{
    if (!cc_image_has_alpha(image)) {
        return 1.0;
    }
    return cc_image_row(image, y)[(x + 1) * image->channels - 1] / 255.0;
}

/* Alpha of a pixel in double precision, since the float nearest to m / 255 may fall
 * on the other side of m when it is cut off. */
static inline double pixel_alpha(const matting_job *job, int x, int y)
{
    if (!job->solved) {
        return cc_image_row(job->mask, y)[x] / 255.0;
    }
    return job->alpha[(size_t)y * (size_t)job->mask->width + (size_t)x];
}

static void rembg_row(const matting_job *job, int y, const float *colors, uint8_t *target)
{
    for (int x = 0; x < job->image->width; x++, target += 4) {
        for (int c = 0; c < 3; c++) {
            target[c] = cut_off(colors[3 * x + c]);
        }
        target[3] = cut_off(pixel_alpha(job, x, y));
    }
}

static void straight_row(const matting_job *job, int y, const float *colors, uint8_t *target)
{
    for (int x = 0; x < job->image->width; x++, target += 4) {
        uint8_t alpha = cc_matte_settle(rounded(pixel_alpha(job, x, y)));
        target[3] = rounded(alpha / 255.0 * own_alpha(job->image, x, y));
        for (int c = 0; c < 3; c++) {
            target[c] = target[3] > 0 ? rounded(colors[3 * x + c]) : 0;
        }
    }
}

/* A cc_foreground_row. */
static void take_row(void *context, int y, const float *colors)
{
    const matting_job *job = context;
    uint8_t *target = cc_image_row(job->cutout, y);

    if (job->style == CC_MATTE_REMBG) {
        rembg_row(job, y, colors, target);
    } else {
        straight_row(job, y, colors, target);
    }
}

static cc_status compose(matting_job *job, cc_error *error)
{
    cc_status status =
        cc_image_create(job->image->width, job->image->height, 4, job->cutout, error);

    if (status == CC_OK) {
        status = cc_image_copy_metadata(job->image, job->cutout, error);
    }
    if (status == CC_OK) {
        status = cc_foreground_estimate(job->image, job->alpha, job->cancel, take_row, job, error);
    }
    if (status != CC_OK) {
        cc_image_free(job->cutout);
    }
    return status;
}

/* Straight colours, the subject's own along soft edges. */
static cc_status cut_with_edge_colors(const matting_job *job, const cc_image *mask, cc_error *error)
{
    cc_status status =
        cc_matte_cut(job->image, mask, CC_MATTE_STRAIGHT, job->pool, job->cutout, error);

    if (status == CC_OK) {
        status = cc_edge_colors(job->image, mask, job->pool, job->cancel, job->cutout, error);
        if (status != CC_OK) {
            cc_image_free(job->cutout);
        }
    }
    return status;
}

/* The solved alpha as a mask takes the place of the network's. */
static cc_status cut_by_alpha(matting_job *job, cc_error *error)
{
    cc_image mask = {0};
    cc_status status = cc_image_create(job->mask->width, job->mask->height, 1, &mask, error);

    if (status != CC_OK) {
        return status;
    }
    for (size_t i = 0; i < (size_t)mask.width * (size_t)mask.height; i++) {
        mask.pixels[i] = rounded(job->alpha[i]);
    }
    cc_free(job->alpha);
    job->alpha = NULL;
    status = cut_with_edge_colors(job, &mask, error);
    cc_image_free(&mask);
    return status;
}

static cc_status cut_plainly(const matting_job *job, cc_error *error)
{
    if (job->style == CC_MATTE_STRAIGHT) {
        return cut_with_edge_colors(job, job->mask, error);
    }
    return cc_matte_cut(job->image, job->mask, job->style, job->pool, job->cutout, error);
}

static cc_status allocate_alpha(matting_job *job, cc_error *error)
{
    size_t pixels = (size_t)job->image->width * (size_t)job->image->height;

    job->alpha = cc_alloc_array(pixels, sizeof *job->alpha);
    return job->alpha != NULL ? CC_OK : cc_fail_memory(error, pixels * sizeof *job->alpha);
}

static cc_status run(matting_job *job, cc_error *error)
{
    cc_status status;

    if (!job->options->solve_alpha && !job->options->decontaminate) {
        return cut_plainly(job, error);
    }
    status = allocate_alpha(job, error);
    if (status == CC_OK && job->options->solve_alpha) {
        status = solve_alpha(job, error);
    }
    if (status != CC_OK) {
        return status;
    }
    if (!job->options->decontaminate && job->solved && job->style == CC_MATTE_STRAIGHT) {
        return cut_by_alpha(job, error);
    }
    if (!job->solved) {
        if (!job->options->decontaminate) {
            return cut_plainly(job, error);
        }
        alpha_from_mask(job);
    }
    return compose(job, error);
}

cc_status cc_matting_cut(const cc_image *image, const cc_image *mask,
                         const cc_matting_options *options, cc_matte_style style,
                         cc_thread_pool *pool, const atomic_bool *cancel, cc_image *cutout,
                         cc_matting_result *result, cc_error *error)
{
    matting_job job = {image, mask, options, style, pool, cancel, NULL, false, cutout, result};
    cc_status status;

    memset(cutout, 0, sizeof *cutout);
    memset(result, 0, sizeof *result);
    if (mask->channels != 1 || mask->width != image->width || mask->height != image->height) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a mask of %dx%d with %d channels does not fit a picture of %dx%d",
                       mask->width, mask->height, mask->channels, image->width, image->height);
    }
    status = run(&job, error);
    cc_free(job.alpha);
    return status;
}
