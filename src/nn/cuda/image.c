/* The embedded images: which one for a device, and unpacking. */
#include "nn/cuda/image.h"

#include <limits.h>
#include <zlib.h>

#include "core/memory.h"

cc_status cc_cuda_image_unpack(const cc_cuda_image *image, void **data, cc_error *error)
{
    uLongf size = (uLongf)image->unpacked_size;
    unsigned char *bytes = cc_alloc(image->unpacked_size + 1);
    int code;

    *data = NULL;
    if (!bytes) {
        return cc_fail_memory(error, image->unpacked_size + 1);
    }
    code = uncompress(bytes, &size, cc_cuda_image_data + image->offset, (uLong)image->size);
    if (code != Z_OK || size != image->unpacked_size) {
        cc_free(bytes);
        return cc_fail(error, CC_CORRUPT,
                       "embedded CUDA kernels for compute capability %d.%d are damaged (zlib code "
                       "%d); build or install the program again",
                       image->architecture / 10, image->architecture % 10, code);
    }
    bytes[size] = 0;
    *data = bytes;
    return CC_OK;
}

/* Index of the best image of a kind, or -1. */
static int best(int architecture, cc_cuda_image_kind kind)
{
    int found = -1;

    for (int i = 0; i < cc_cuda_image_count; i++) {
        const cc_cuda_image *image = &cc_cuda_images[i];
        if (image->kind != kind || image->architecture > architecture ||
            (kind == CC_CUDA_IMAGE_MACHINE_CODE && image->architecture / 10 != architecture / 10)) {
            continue;
        }
        if (found < 0 || image->architecture > cc_cuda_images[found].architecture) {
            found = i;
        }
    }
    return found;
}

int cc_cuda_image_candidates(int architecture, int indices[2])
{
    int machine_code = best(architecture, CC_CUDA_IMAGE_MACHINE_CODE);
    int ptx = best(architecture, CC_CUDA_IMAGE_PTX);
    int count = 0;

    if (machine_code >= 0) {
        indices[count++] = machine_code;
    }
    if (ptx >= 0) {
        indices[count++] = ptx;
    }
    return count;
}
