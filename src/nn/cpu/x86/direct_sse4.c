#include "nn/cpu/x86/vector_sse4.h"

#include "nn/cpu/direct_body.h"

/* 16 registers: 4 x 2 sums, 4 weights, 1 input, 1 product. */
static void tile_sse4(const cc_direct_tile *tile, int output_blocks, int pixels)
{
    (void)output_blocks;
    switch (pixels) {
    case 1: run_tile(tile, 1, 1); break;
    default: run_tile(tile, 1, 2); break;
    }
}

void cc_direct_sse4(cc_direct_kernels *kernels)
{
    *kernels = (cc_direct_kernels){
        .wide_blocks = 1, .maximum_pixels = {2, 0}, .tile = tile_sse4, .peak = run_peak};
}
