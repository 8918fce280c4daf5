#include "page/binarise.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

/* The dynamic range of the standard deviation in the paper. */
#define DEVIATION_RANGE 128.0F

/* Rows are worked on in bands, each with running sums of its own. */
enum { BAND = 64 };

typedef struct binarising {
    const cc_image *grey;
    const cc_image *black;
    int radius;
    const cc_binarise_options *options;
    size_t worker_size;
    uint32_t *sums; /* for each worker: sum and sum of squares of each column's window */
} binarising;

static void add_row(const cc_image *grey, int y, uint32_t *sum, uint32_t *squares, uint32_t sign)
{
    const uint8_t *row = cc_image_row(grey, y);

    for (int x = 0; x < grey->width; x++) {
        uint32_t value = row[x];
        sum[x] += sign * value; /* modulo 2^32: minus one subtracts */
        squares[x] += sign * value * value;
    }
}

static uint8_t decide(uint8_t pixel, uint32_t sum, uint32_t squares, uint32_t count,
                      const cc_binarise_options *options)
{
    float k = (float)options->k;
    float scale = 1.0F / (float)count;
    float mean = (float)sum * scale;
    /* The variance by whole numbers, so that flat paper has exactly none. */
    uint64_t spread = (uint64_t)squares * count - (uint64_t)sum * sum;
    float deviation = sqrtf((float)spread) * scale;
    float threshold = mean * (1.0F + k * (deviation / DEVIATION_RANGE - 1.0F));

    threshold = fminf((float)options->highest, fmaxf((float)options->lowest, threshold));
    return (float)pixel <= threshold ? 0 : 255;
}

/* One row from the columns' sums, which cover `height` rows. */
static void decide_row(const binarising *b, int y, uint32_t height, const uint32_t *sum,
                       const uint32_t *squares)
{
    const uint8_t *from = cc_image_row(b->grey, y);
    uint8_t *to = cc_image_row(b->black, y);
    int width = b->grey->width;
    uint32_t total = 0;
    uint32_t total_squares = 0;
    uint32_t columns = 0;

    for (int x = -b->radius; x < width; x++) {
        int enters = x + b->radius;
        int leaves = x - b->radius - 1;
        if (enters < width) {
            total += sum[enters];
            total_squares += squares[enters];
            columns++;
        }
        if (leaves >= 0) {
            total -= sum[leaves];
            total_squares -= squares[leaves];
            columns--;
        }
        if (x >= 0) {
            to[x] = decide(from[x], total, total_squares, columns * height, b->options);
        }
    }
}

static void binarise_band(void *context, int band, int worker)
{
    const binarising *b = context;
    uint32_t *sum = b->sums + (size_t)worker * b->worker_size;
    uint32_t *squares = sum + b->grey->width;
    int height = b->grey->height;
    int begin = band * BAND;
    int end = begin + BAND < height ? begin + BAND : height;
    int top = begin - b->radius > 0 ? begin - b->radius : 0;
    int bottom = top; /* rows top .. bottom - 1 are in the sums */

    memset(sum, 0, 2 * (size_t)b->grey->width * sizeof *sum);
    for (int y = begin; y < end; y++) {
        for (; bottom <= y + b->radius && bottom < height; bottom++) {
            add_row(b->grey, bottom, sum, squares, 1);
        }
        for (; top < y - b->radius; top++) {
            add_row(b->grey, top, sum, squares, (uint32_t)-1);
        }
        decide_row(b, y, (uint32_t)(bottom - top), sum, squares);
    }
}

static cc_status check(const cc_image *grey, const cc_binarise_options *options, cc_error *error)
{
    if (grey->channels != 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "only a grey picture can be made black and white");
    }
    if (options->window < 3 || options->window > 127 || options->window % 2 == 0) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a window of %d pixels; odd, 3 to 127",
                       options->window);
    }
    if (!(options->k >= 0.0 && options->k <= 1.0)) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "k = %g; 0 to 1", options->k);
    }
    if (options->lowest < 0 || options->lowest > options->highest || options->highest > 255) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "thresholds from %d to %d; 0 to 255",
                       options->lowest, options->highest);
    }
    return CC_OK;
}

cc_status cc_binarise(const cc_image *grey, const cc_binarise_options *options,
                      cc_thread_pool *pool, cc_image *black, cc_error *error)
{
    binarising b = {.grey = grey, .black = black};
    size_t workers = (size_t)cc_thread_pool_size(pool);
    cc_status status = check(grey, options, error);

    if (status != CC_OK) {
        return status;
    }
    if (black->channels != 1 || black->width != grey->width || black->height != grey->height) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "the two pictures differ in size");
    }
    b.radius = options->window / 2;
    b.options = options;
    b.worker_size = 2 * (size_t)grey->width;
    b.sums = cc_alloc_array(workers * b.worker_size, sizeof *b.sums);
    if (b.sums == NULL) {
        return cc_fail_memory(error, workers * b.worker_size * sizeof *b.sums);
    }
    cc_thread_pool_run(pool, binarise_band, &b, (grey->height + BAND - 1) / BAND);
    cc_free(b.sums);
    return CC_OK;
}

uint8_t cc_binarise_pixel(const cc_image *grey, const cc_binarise_options *options, int x, int y)
{
    int radius = options->window / 2;
    uint32_t sum = 0;
    uint32_t squares = 0;
    uint32_t count = 0;

    for (int j = y - radius; j <= y + radius; j++) {
        for (int i = x - radius; i <= x + radius; i++) {
            if (i >= 0 && i < grey->width && j >= 0 && j < grey->height) {
                uint32_t value = cc_image_row(grey, j)[i];
                sum += value;
                squares += value * value;
                count++;
            }
        }
    }
    return decide(cc_image_row(grey, y)[x], sum, squares, count, options);
}
