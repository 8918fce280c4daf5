#include "matte/matte.h"

#include <string.h>

#include "core/cpu.h"
#include "image/resample.h"
#include "matte/matte_kernel.h"

cc_status cc_matte_resize(const cc_image *small_mask, int width, int height, cc_thread_pool *pool,
                          cc_image *mask, cc_error *error)
{
    return cc_image_resize(small_mask, width, height, CC_FILTER_LANCZOS, pool, mask, error);
}

/* a * b / 255 rounded to nearest; Pillow's MULDIV255 (src/libImaging/ImagingUtils.h)
 * has the same values for all bytes. */
static inline uint8_t multiply_255(unsigned a, unsigned b)
{
    unsigned product = a * b + 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

/* One pixel of any channel count as RGBA. */
static inline void load_rgba(const uint8_t *source, int channels, uint8_t rgba[4])
{
    bool color = channels >= 3;
    rgba[0] = source[0];
    rgba[1] = source[color ? 1 : 0];
    rgba[2] = source[color ? 2 : 0];
    rgba[3] = channels == 2 || channels == 4 ? source[channels - 1] : 255;
}

static void cut_row_straight(const uint8_t *source, int channels, const uint8_t *mask,
                             uint8_t *target, int width)
{
    int done = 0;

#if defined(__x86_64__)
    if (channels == 3 && cc_cpu_detect()->level >= CC_CPU_AVX2) {
        done = cc_cut_row_avx2(source, mask, target, width);
        source += (size_t)done * 3;
        target += (size_t)done * 4;
    }
#endif
    for (int x = done; x < width; x++, source += channels, target += 4) {
        uint8_t rgba[4];
        uint8_t alpha;
        load_rgba(source, channels, rgba);
        alpha = multiply_255(rgba[3], cc_matte_settle(mask[x]));
        target[0] = alpha > 0 ? rgba[0] : 0;
        target[1] = alpha > 0 ? rgba[1] : 0;
        target[2] = alpha > 0 ? rgba[2] : 0;
        target[3] = alpha;
    }
}

static void cut_row_unsettled(const uint8_t *source, int channels, const uint8_t *mask,
                              uint8_t *target, int width)
{
    for (int x = 0; x < width; x++, source += channels, target += 4) {
        uint8_t rgba[4];
        load_rgba(source, channels, rgba);
        rgba[3] = multiply_255(rgba[3], mask[x]);
        if (rgba[3] > 0) {
            memcpy(target, rgba, 4);
        } else {
            memset(target, 0, 4);
        }
    }
}

static void cut_row_rembg(const uint8_t *source, int channels, const uint8_t *mask, uint8_t *target,
                          int width)
{
    for (int x = 0; x < width; x++, source += channels, target += 4) {
        uint8_t rgba[4];
        load_rgba(source, channels, rgba);
        for (int c = 0; c < 4; c++) {
            target[c] = multiply_255(rgba[c], mask[x]);
        }
    }
}

enum { ROWS_PER_TASK = 64 };

typedef struct cut_job {
    const cc_image *image;
    const cc_image *mask;
    cc_image *cutout;
    cc_matte_style style;
} cut_job;

typedef void (*cc_cut_row)(const uint8_t *source, int channels, const uint8_t *mask,
                           uint8_t *target, int width);

static void cut_rows(void *context, int task, int worker)
{
    const cut_job *job = context;
    int first = task * ROWS_PER_TASK;
    int last =
        first + ROWS_PER_TASK < job->image->height ? first + ROWS_PER_TASK : job->image->height;

    (void)worker;
    for (int y = first; y < last; y++) {
        const uint8_t *source = cc_image_row(job->image, y);
        const uint8_t *mask = cc_image_row(job->mask, y);
        uint8_t *target = cc_image_row(job->cutout, y);
        cc_cut_row cut_row = job->style == CC_MATTE_REMBG       ? cut_row_rembg
                             : job->style == CC_MATTE_UNSETTLED ? cut_row_unsettled
                                                                : cut_row_straight;
        cut_row(source, job->image->channels, mask, target, job->image->width);
    }
}

cc_status cc_matte_cut(const cc_image *image, const cc_image *mask, cc_matte_style style,
                       cc_thread_pool *pool, cc_image *cutout, cc_error *error)
{
    cut_job job = {image, mask, cutout, style};
    cc_status status;

    memset(cutout, 0, sizeof *cutout);
    if (mask->channels != 1 || mask->width != image->width || mask->height != image->height) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a mask of %dx%d with %d channels does not fit a picture of %dx%d",
                       mask->width, mask->height, mask->channels, image->width, image->height);
    }
    status = cc_image_create(image->width, image->height, 4, cutout, error);
    if (status == CC_OK) {
        status = cc_image_copy_metadata(image, cutout, error);
    }
    if (status != CC_OK) {
        cc_image_free(cutout);
        return status;
    }
    cc_thread_pool_run(pool, cut_rows, &job, (image->height + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
    return CC_OK;
}
