#include "nn/cpu/vector_portable.h"

#include "nn/cpu/resize_body.h"

void cc_resize_portable(cc_resize_kernels *kernels)
{
    *kernels = (cc_resize_kernels){.blend_rows = run_blend_rows, .blend_pixels = run_blend_pixels};
}
