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
static cc_task choose_kernel(const cc_image *image)
{
#if defined(__x86_64__)
    cc_cpu_level level = cc_cpu_detect()->level;

    if (image->channels == 3 && (level == CC_CPU_AVX2 || level == CC_CPU_AVX512)) {
        return run_row_avx2;
    }
#endif
    (void)image;
    return run_row;
}

static cc_status run_rows(const cc_image *image, const double matrix[9], cc_thread_pool *pool,
                          cc_image *flat, cc_error *error)
{
    float *lanczos = cc_alloc_array(CC_LANCZOS_SIZE, sizeof *lanczos);
    cc_warp_job job = {.source = image, .flat = flat, .lanczos = lanczos};

    if (lanczos == NULL) {
        return cc_fail_memory(error, CC_LANCZOS_SIZE * sizeof *lanczos);
    }
    cc_warp_lanczos(lanczos);
    memcpy(job.matrix, matrix, sizeof job.matrix);
    cc_thread_pool_run(pool, choose_kernel(image), &job, flat->height);
    cc_free(lanczos);
    return CC_OK;
}

cc_status cc_page_warp(const cc_image *image, const cc_quad *quad, int width, int height,
                       cc_thread_pool *pool, cc_image *flat, cc_error *error)
{
    double matrix[9];
    cc_status status;

    memset(flat, 0, sizeof *flat);
    status = cc_quad_homography(quad, width, height, matrix, error);
    if (status == CC_OK) {
        status = cc_image_create(width, height, image->channels, flat, error);
    }
    if (status == CC_OK) {
        status = cc_image_copy_metadata(image, flat, error);
    }
    if (status == CC_OK) {
        status = run_rows(image, matrix, pool, flat, error);
    }
    if (status != CC_OK) {
        cc_image_free(flat);
    }
    return status;
}
