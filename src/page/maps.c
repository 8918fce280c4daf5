#include "page/maps.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "image/pixels.h"

enum { SIZE = CC_PAGE_INPUT_SIZE };

/* RGB without alpha, whatever the channels. */
static cc_status to_rgb(const cc_image *image, cc_image *rgb, cc_error *error)
{
    static const uint8_t grey[3] = {128, 128, 128};
    cc_image opaque = {0};
    cc_status status;

    if (!cc_image_has_alpha(image)) {
        return cc_image_convert(image, 3, rgb, error);
    }
    status = cc_image_flatten(image, grey, &opaque, error);
    if (status == CC_OK) {
        status = cc_image_convert(&opaque, 3, rgb, error);
    }
    cc_image_free(&opaque);
    return status;
}

static void to_planes(const cc_image *rgb, float *input)
{
    for (int y = 0; y < SIZE; y++) {
        const uint8_t *row = cc_image_row(rgb, y);
        for (int x = 0; x < SIZE; x++) {
            for (int c = 0; c < 3; c++) {
                input[(c * SIZE + y) * SIZE + x] = (float)row[x * 3 + c] / 255.0F;
            }
        }
    }
}

cc_status cc_page_input(const cc_image *image, cc_thread_pool *pool, float *input, cc_error *error)
{
    cc_image low = {0};
    cc_image small = {0};
    cc_image rgb = {0};
    /* Height first: rows are averaged in whole vectors, columns one by one. */
    cc_status status = cc_image_resize(image, image->width, SIZE, CC_FILTER_BOX, pool, &low, error);

    if (status == CC_OK) {
        status = cc_image_resize(&low, SIZE, SIZE, CC_FILTER_BOX, pool, &small, error);
        cc_image_free(&low);
    }
    if (status == CC_OK) {
        status = to_rgb(&small, &rgb, error);
    }
    if (status == CC_OK) {
        to_planes(&rgb, input);
    }
    cc_image_free(&small);
    cc_image_free(&rgb);
    return status;
}

static bool has_shape(const cc_tensor *tensor, int rank, int64_t d1, int64_t d2, int64_t d3)
{
    const int64_t *dims = tensor->shape.dims;

    return tensor->dtype == CC_FLOAT32 && tensor->shape.rank == rank && dims[0] == 1 &&
           dims[1] == d1 && (rank < 4 || (dims[2] == d2 && dims[3] == d3));
}

static cc_status check_model(const cc_network *model, cc_error *error)
{
    if (cc_network_input_count(model) != 1 || cc_network_output_count(model) != 2 ||
        !has_shape(cc_network_input(model, 0), 4, 3, SIZE, SIZE) ||
        !has_shape(cc_network_output(model, 0), 4, 3, CC_PAGE_MAP_SIZE, CC_PAGE_MAP_SIZE) ||
        !has_shape(cc_network_output(model, 1), 2, 3, 0, 0)) {
        return cc_fail(error, CC_MODEL,
                       "not a page model: it must take 1x3x%dx%d and give maps 1x3x%dx%d and "
                       "classes 1x3 (see docs/page.md)",
                       SIZE, SIZE, CC_PAGE_MAP_SIZE, CC_PAGE_MAP_SIZE);
    }
    return CC_OK;
}

cc_status cc_page_maps_compute(const cc_image *image, cc_network *page_model, cc_thread_pool *pool,
                               cc_page_maps *maps, cc_error *error)
{
    const size_t inputs = (size_t)3 * SIZE * SIZE;
    float classes[3];
    float *input;
    cc_status status = check_model(page_model, error);

    if (status != CC_OK) {
        return status;
    }
    input = cc_alloc_array(inputs, sizeof *input);
    if (input == NULL) {
        return cc_fail_memory(error, inputs * sizeof *input);
    }
    status = cc_page_input(image, pool, input, error);
    if (status == CC_OK) {
        const void *in[1] = {input};
        void *out[2] = {maps->plane, classes};
        status = cc_network_run(page_model, in, out, NULL, error);
        maps->none = classes[0];
        maps->page = classes[1];
        maps->flat = classes[2];
    }
    cc_free(input);
    return status;
}
