#include <math.h>
#include <string.h>

#include "core/cpu.h"
#include "core/memory.h"
#include "page/page.h"
#include "page/warp_row.h"

static void run_row(void *context, int task, int worker)
{
    (void)worker;
    cc_warp_row(context, task);
}

#if defined(__x86_64__)
static void run_row_avx2(void *context, int task, int worker)
{
    (void)worker;
    cc_warp_row_avx2(context, task);
}
#endif

/* The fastest kernel of this processor for this picture. */
static cc_task choose_kernel(const cc_image *image, const cc_warp_curl *curl)
{
#if defined(__x86_64__)
    cc_cpu_level level = cc_cpu_detect()->level;

    if (image->channels == 3 && curl == NULL && (level == CC_CPU_AVX2 || level == CC_CPU_AVX512)) {
        return run_row_avx2;
    }
#endif
    (void)image;
    (void)curl;
    return run_row;
}

static cc_status run_rows(const cc_image *image, const double matrix[9], const cc_warp_curl *curl,
                          cc_thread_pool *pool, cc_image *flat, cc_error *error)
{
    float *lanczos = cc_alloc_array(CC_LANCZOS_SIZE, sizeof *lanczos);
    cc_warp_job job = {.source = image, .flat = flat, .lanczos = lanczos, .curl = curl};

    if (lanczos == NULL) {
        return cc_fail_memory(error, CC_LANCZOS_SIZE * sizeof *lanczos);
    }
    cc_warp_lanczos(lanczos);
    memcpy(job.matrix, matrix, sizeof job.matrix);
    cc_thread_pool_run(pool, choose_kernel(image, curl), &job, flat->height);
    cc_free(lanczos);
    return CC_OK;
}

/* Bulges as vectors, each at a right angle to its side, into the page (clockwise: to the
 * right of the way along it). The ends are in the output's order, so that the bottom and
 * the left side are turned round. */
static void bend_of(const cc_quad *quad, const cc_curl *curl, const double m[9], int width,
                    int height, cc_warp_curl *bend)
{
    const double denominator[4] = {m[8], m[6] * width + m[8], m[6] * width + m[7] * height + m[8],
                                   m[7] * height + m[8]};

    for (int i = 0; i < 4; i++) {
        cc_point a = quad->corner[i];
        cc_point b = quad->corner[(i + 1) % 4];
        double length = hypot(b.x - a.x, b.y - a.y);
        bool reversed = i >= 2;
        bend->x[i] = -(b.y - a.y) / length * curl->bulge[i];
        bend->y[i] = (b.x - a.x) / length * curl->bulge[i];
        bend->start[i] = denominator[reversed ? (i + 1) % 4 : i];
        bend->end[i] = denominator[reversed ? i : (i + 1) % 4];
    }
}

static cc_status warp(const cc_image *image, const cc_quad *quad, const cc_curl *curl, int width,
                      int height, cc_thread_pool *pool, cc_image *flat, cc_error *error)
{
    double matrix[9];
    cc_warp_curl bend;
    cc_status status;

    memset(flat, 0, sizeof *flat);
    status = cc_quad_homography(quad, width, height, matrix, error);
    if (status == CC_OK) {
        status = cc_image_create(width, height, image->channels, flat, error);
    }
    if (status == CC_OK) {
        status = cc_image_copy_metadata(image, flat, error);
    }
    if (status == CC_OK && curl != NULL) {
        bend_of(quad, curl, matrix, width, height, &bend);
    }
    if (status == CC_OK) {
        status = run_rows(image, matrix, curl != NULL ? &bend : NULL, pool, flat, error);
    }
    if (status != CC_OK) {
        cc_image_free(flat);
    }
    return status;
}

cc_status cc_page_warp(const cc_image *image, const cc_quad *quad, int width, int height,
                       cc_thread_pool *pool, cc_image *flat, cc_error *error)
{
    return warp(image, quad, NULL, width, height, pool, flat, error);
}

cc_status cc_page_warp_curled(const cc_image *image, const cc_quad *quad, const cc_curl *curl,
                              int width, int height, cc_thread_pool *pool, cc_image *flat,
                              cc_error *error)
{
    return warp(image, quad, curl, width, height, pool, flat, error);
}
