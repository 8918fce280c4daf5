#include "nn/cpu/vector_portable.h"

#include "nn/cpu/direct_body.h"

/* 16 registers: 4 x 2 sums, 4 weights, 1 input, 1 product. */
static void tile_portable(const cc_direct_tile *tile, int output_blocks, int pixels)
{
    (void)output_blocks;
    switch (pixels) {
    case 1: run_tile(tile, 1, 1); break;
    default: run_tile(tile, 1, 2); break;
    }
}

void cc_direct_portable(cc_direct_kernels *kernels)
{
    *kernels = (cc_direct_kernels){
        .wide_blocks = 1, .maximum_pixels = {2, 0}, .tile = tile_portable, .peak = run_peak};
}
