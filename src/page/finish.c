#include "page/finish.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "image/pixels.h"
#include "page/binarise.h"
#include "page/shading.h"

/* Level of bare paper after dividing the shading out: room is left above it, so that
 * noise on the paper stays symmetric until the curve is applied. */
#define PAPER_LEVEL 235.0F

/* Everything above this share of the paper becomes white. */
#define WHITE_SHARE 0.93F

/* Ink is what is darker than this share of paper; its level is the darkest tenth, but
 * the curve never begins above a share of 0.4. */
#define INK_BELOW 0.6F
#define INK_TENTH 10
#define HIGHEST_INK 0.4F

/* Sauvola: window as a share of the longer side, about 7 mm of A4; k chosen by the
 * reading error on generated pages (bench/ocr). */
#define WINDOW_SHARE 0.025
#define SAUVOLA_K 0.2
#define DARKEST_WHITE 0.42
#define LIGHTEST_BLACK 0.9

/* A speck: at most 6 pixels on a longer side of 3508 (A4 at 300 dpi), where a full stop
 * of 8 points has about 16. */
#define SPECK_PIXELS 6.0
#define SPECK_SIDE 3508.0

/* Rows of a band, the unit of work. */
enum { BAND = 16 };

typedef struct finishing {
    const cc_image *page;
    const cc_image *grey; /* as page, if the result is grey; else the page itself */
    const cc_shading *shading;
    float *gains; /* a row for each worker */
    uint8_t curve[256];
} finishing;

static uint8_t to_byte(float value)
{
    return value >= 255.0F ? 255 : (uint8_t)(value + 0.5F);
}

/* Divide the shading out of a row; in grey if a picture for that is given. */
static void flatten_row(const finishing *f, int y, float *gain)
{
    const cc_image *page = f->page;
    int count = page->width * page->channels;
    uint8_t *row = cc_image_row(page, y);
    const float scale = PAPER_LEVEL / 255.0F;

    cc_shading_gains(f->shading, y, page->width, gain);
    for (int i = 0; i < count; i++) {
        row[i] = to_byte((float)row[i] * gain[i] * scale);
    }
    if (f->grey != page) {
        uint8_t *out = cc_image_row(f->grey, y);
        for (int x = 0; x < page->width; x++) {
            const uint8_t *p = row + x * 3;
            out[x] = (uint8_t)((p[0] * 77 + p[1] * 150 + p[2] * 29 + 128) >> 8);
        }
    }
}

static void flatten_band(void *context, int band, int worker)
{
    const finishing *f = context;
    float *gain = f->gains + (size_t)worker * (size_t)f->page->width * (size_t)f->page->channels;
    int end = (band + 1) * BAND < f->page->height ? (band + 1) * BAND : f->page->height;

    for (int y = band * BAND; y < end; y++) {
        flatten_row(f, y, gain);
    }
}

static void curve_band(void *context, int band, int worker)
{
    const finishing *f = context;
    const cc_image *image = f->grey;
    int end = (band + 1) * BAND < image->height ? (band + 1) * BAND : image->height;

    (void)worker;
    for (int y = band * BAND; y < end; y++) {
        uint8_t *row = cc_image_row(image, y);
        for (int i = 0; i < image->width * image->channels; i++) {
            row[i] = f->curve[row[i]];
        }
    }
}

/* ---- the curve from ink to paper ---- */

/* Brightness of every seventh pixel of every third row. */
static int count_levels(const cc_image *image, int histogram[256])
{
    int count = 0;

    memset(histogram, 0, 256 * sizeof *histogram);
    for (int y = 0; y < image->height; y += 3) {
        const uint8_t *row = cc_image_row(image, y);
        for (int x = y % 7; x < image->width; x += 7) {
            const uint8_t *p = row + (size_t)x * (size_t)image->channels;
            histogram[image->channels == 1 ? p[0] : (p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8]++;
            count++;
        }
    }
    return count;
}

/* The level below which `share` of the counted pixels under `limit` lie. */
static int level_of(const int histogram[256], int limit, double share)
{
    double total = 0.0;
    double sum = 0.0;

    for (int i = 0; i < limit; i++) {
        total += histogram[i];
    }
    for (int i = 0; i < limit; i++) {
        sum += histogram[i];
        if (sum > share * total) {
            return i;
        }
    }
    return 0;
}

static void make_curve(const cc_image *image, const cc_shading *shading, uint8_t curve[256])
{
    int histogram[256];
    int count = count_levels(image, histogram);
    float white = WHITE_SHARE * PAPER_LEVEL;
    float ink = (float)level_of(histogram, (int)(INK_BELOW * PAPER_LEVEL), 1.0 / INK_TENTH);

    if (shading->found < 0.1F && count > 0) { /* no paper: between the extremes there are */
        white = fmaxf(64.0F, (float)level_of(histogram, 256, 0.995));
    }
    ink = fminf(ink, HIGHEST_INK * white);
    for (int i = 0; i < 256; i++) {
        curve[i] = to_byte(fmaxf(0.0F, ((float)i - ink) * 255.0F / (white - ink)));
    }
}

/* ---- black and white ---- */

static int window_of(const cc_image *image)
{
    int longer = image->width > image->height ? image->width : image->height;
    int window = (int)(WINDOW_SHARE * longer) | 1;

    return window < 15 ? 15 : window > 127 ? 127 : window;
}

static cc_status make_bilevel(cc_image *grey, cc_thread_pool *pool, cc_error *error)
{
    cc_binarise_options options = {window_of(grey), SAUVOLA_K, (int)(DARKEST_WHITE * PAPER_LEVEL),
                                   (int)(LIGHTEST_BLACK * PAPER_LEVEL)};
    double longer = fmax(grey->width, grey->height) / SPECK_SIDE;
    cc_image black;
    cc_status status = cc_image_create(grey->width, grey->height, 1, &black, error);

    if (status == CC_OK) {
        status = cc_binarise(grey, &options, pool, &black, error);
    }
    if (status == CC_OK) {
        status = cc_despeckle(&black, (int)(SPECK_PIXELS * longer * longer + 0.5), NULL, error);
    }
    if (status != CC_OK) {
        cc_image_free(&black);
        return status;
    }
    black.metadata = grey->metadata;
    memset(&grey->metadata, 0, sizeof grey->metadata);
    cc_image_free(grey);
    *grey = black;
    return CC_OK;
}

/* ---- the whole ---- */

static cc_status drop_alpha(cc_image *page, cc_error *error)
{
    static const uint8_t white[3] = {255, 255, 255};
    cc_image opaque;
    cc_status status;

    if (!cc_image_has_alpha(page)) {
        return CC_OK;
    }
    status = cc_image_flatten(page, white, &opaque, error);
    if (status == CC_OK) {
        status = cc_image_copy_metadata(page, &opaque, error);
        if (status != CC_OK) {
            cc_image_free(&opaque);
            return status;
        }
        cc_image_free(page);
        *page = opaque;
    }
    return status;
}

/* A page of one channel beside `page`, or `page` itself if it is grey already or to
 * stay coloured. */
static cc_status choose_target(cc_image *page, cc_finish finish, cc_image *grey,
                               const cc_image **target, cc_error *error)
{
    cc_status status = CC_OK;

    *target = page;
    if (finish != CC_FINISH_CLEAN && page->channels == 3) {
        status = cc_image_create(page->width, page->height, 1, grey, error);
        *target = grey;
    }
    return status;
}

static void replace_by_grey(cc_image *page, cc_image *grey)
{
    if (grey->pixels != NULL) {
        grey->metadata = page->metadata;
        memset(&page->metadata, 0, sizeof page->metadata);
        cc_image_free(page);
        *page = *grey;
        memset(grey, 0, sizeof *grey);
        /* A profile of three channels does not fit one. */
        cc_free(page->metadata.icc_profile);
        page->metadata.icc_profile = NULL;
        page->metadata.icc_profile_size = 0;
    }
}

static cc_status flatten_shading(cc_image *page, const cc_shading *shading, cc_finish finish,
                                 cc_thread_pool *pool, cc_error *error)
{
    finishing f = {.page = page, .shading = shading};
    size_t workers = (size_t)cc_thread_pool_size(pool);
    size_t row = (size_t)page->width * (size_t)page->channels;
    int bands = (page->height + BAND - 1) / BAND;
    cc_image grey = {0};
    cc_status status = choose_target(page, finish, &grey, &f.grey, error);

    if (status != CC_OK) {
        return status;
    }
    f.gains = cc_alloc_array(workers * row, sizeof *f.gains);
    if (f.gains == NULL) {
        cc_image_free(&grey);
        return cc_fail_memory(error, workers * row * sizeof *f.gains);
    }
    cc_thread_pool_run(pool, flatten_band, &f, bands);
    cc_free(f.gains);
    if (finish != CC_FINISH_BILEVEL) {
        make_curve(f.grey, shading, f.curve);
        cc_thread_pool_run(pool, curve_band, &f, bands);
    }
    replace_by_grey(page, &grey);
    return CC_OK;
}

cc_status cc_page_finish(cc_image *page, cc_finish finish, cc_thread_pool *pool, cc_error *error)
{
    cc_shading shading = {0};
    cc_status status;

    if (finish == CC_FINISH_PHOTO) {
        return CC_OK;
    }
    status = drop_alpha(page, error);
    if (status == CC_OK) {
        status = cc_shading_measure(page, pool, &shading, error);
    }
    if (status == CC_OK) {
        status = flatten_shading(page, &shading, finish, pool, error);
    }
    if (status == CC_OK && finish == CC_FINISH_BILEVEL) {
        status = make_bilevel(page, pool, error);
    }
    cc_shading_free(&shading);
    return status;
}
