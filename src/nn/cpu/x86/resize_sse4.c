#include "nn/cpu/x86/vector_sse4.h"

#include "nn/cpu/resize_body.h"

void cc_resize_sse4(cc_resize_kernels *kernels)
{
    *kernels = (cc_resize_kernels){.blend_rows = run_blend_rows, .blend_pixels = run_blend_pixels};
}
